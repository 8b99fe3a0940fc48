/**
 * QEMU device state, as described by a VMStateDescription (the JSON at the end of a stream, or a built-in description of
 * the same shape) and decoded. Plain data.
 */

/** A description, with the JSON's own names (QEMU migration/vmstate.c, vmstate_save_state and vmsd_desc_field_start, since v2.3). */
export interface VmDescription {
  vmsd_name: string;
  version: number;
  fields?: VmFieldDescription[];
  subsections?: VmDescription[];
}

export interface VmFieldDescription {
  name: string;
  /** `uint64`, `int32 le` (less-or-equal, still big-endian), `struct`, `buffer`, … Trust `size`, not this. */
  type: string;
  /** Bytes of one element. */
  size: number;
  array_len?: number;
  /** Of a built-in description: the field before it that holds `array_len`. */
  array_len_field?: string;
  index?: number;
  struct?: VmDescription;
}

/** A decoded structure. Subsections that the stream does not hold are absent. */
export interface VmStruct {
  name: string;
  version: number;
  /** File offset and bytes; of a subsection with the header that names it. */
  fileOffset: number;
  size: number;
  fields: VmField[];
  subsections: VmStruct[];
}

/** A decoded field: numbers as unsigned big-endian integers, buffers and anything over 8 bytes as bytes, structures nested; arrays element by element. */
export interface VmField {
  name: string;
  type: string;
  /** Offset of the first byte in the dump's stream. */
  fileOffset: number;
  /** Bytes of one element. */
  size: number;
  /** True when described as an array, which may have one element. */
  isArray?: boolean;
  /** Which element of an array this is, where a stream describes each by itself because they differ. */
  index?: number;
  values: (bigint | Uint8Array | VmStruct)[];
}
