/** Version of the record table: a leader appends a kind only if every voter and learner knows its version. */
export const LEDGER_VERSION = 4
