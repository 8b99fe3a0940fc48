/** What entries' bits that are left to software say. */
export const software = (value: bigint): string => (value === 0n ? 'unused' : 'the CPU ignores these; the operating system keeps its own flags here');
