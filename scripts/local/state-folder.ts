import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { Stop } from "./stop.ts";

/** Makes the folder if need be. @throws Stop when it cannot hold state. */
export function prepareStateFolder(state: string): void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    accessSync(state, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = isFile(state) ? "is a file, not a folder" : `cannot be used (${codeOf(error)})`;
    throw new Stop(`The state folder ${state} ${reason}. Name another: EDGEWISE_STATE=another-folder npm start`);
  }
}

/** For a folder whose databases do not open. */
export function brokenState(state: string, cause: unknown): Stop {
  const words = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new Stop(
    `The database in the state folder ${state} does not open: ${words}\n` +
      `Move the folder away and start again: mv ${state} ${state}.broken && npm start`,
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
