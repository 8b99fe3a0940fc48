/**
 * BTF as it lies in memory and in .BTF sections. Source: Linux Documentation/bpf/btf.rst, include/uapi/linux/btf.h (v6.12).
 *
 * ```
 * header:  u16 magic | u8 version | u8 flags | u32 hdr_len | u32 type_off | u32 type_len | u32 str_off | u32 str_len     offsets count from the header's end
 * type:    u32 name_off | u32 info (vlen 0-15, kind 24-28, kind_flag 31) | u32 size or type | what the kind adds
 * ```
 */
export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const HEADER_SIZE = 24;
export const TYPE_SIZE = 12;

export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** Bytes behind a type's three words: `fixed`, and for each of its vlen elements. Indexed by kind. */
export const EXTRA: readonly ({ fixed: number; each: number } | undefined)[] = [
  undefined,
  { fixed: 4, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 12, each: 0 },
  { fixed: 0, each: 12 },
  { fixed: 0, each: 12 },
  { fixed: 0, each: 8 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 8 },
  { fixed: 4, each: 0 },
  { fixed: 0, each: 12 },
  { fixed: 0, each: 0 },
  { fixed: 4, each: 0 },
  { fixed: 0, each: 0 },
  { fixed: 0, each: 12 },
];

/** Bits of the word behind an int. */
export const INT_SIGNED = 1;
export const INT_CHAR = 2;
export const INT_BOOL = 4;
