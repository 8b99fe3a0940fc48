/** Something odd about a dump that did not keep it from opening, and what it means for the analysis. */
export interface Diagnostic {
  /** `info`: worth knowing. `suspect`: an answer may be wrong. `data-loss`: something the guest had is not here. */
  severity: 'info' | 'suspect' | 'data-loss';
  /** Stable kebab-case name, for scripts and tests: `stream-truncated`, `no-vmdesc`. */
  code: string;
  /** One sentence: what was found and where. */
  message: string;
  /** What it means for somebody who reads this dump; one sentence. */
  consequence?: string;
  /** Where in the file, when there is one place. */
  fileOffset?: number;
  /** Name of the RAM block that was left out for being in a file of its own: `OpenOptions.ramFiles` can say which. */
  missingBlock?: string;
}
