/** Something a person can put right: shown as its message alone, exit code 1. */
export class Stop extends Error {}
