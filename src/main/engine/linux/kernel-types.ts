/** Types of a kernel or a module by name, wherever they come from: BTF in memory, debug files, a layout that was kept. */
import type { FieldPlace } from '../dwarf/member-path.ts';
import type { EnumType, StructType } from '../dwarf/type-model.ts';

export interface KernelTypes {
  /** The struct or union of that tag, or what a typedef of that name stands for; undefined when there is none. */
  struct(name: string): StructType | undefined;
  enum(name: string): EnumType | undefined;
  /** Where a member lies: `find('kvm', 'memslots')`; undefined for what is not there. */
  find(name: string, path: string): FieldPlace | undefined;
}
