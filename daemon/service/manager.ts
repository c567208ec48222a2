// The socket of a service manager.
import type { ManagerState, Switched } from '../cli/user-service.ts'

export interface Manager {
  /** Null where none of this user answers. */
  look(): Promise<ManagerState | null>
  /** @param isNew the file or the program has changed since it was started. */
  turnOn(file: string, isNew: boolean): Promise<Switched>
  turnOff(file: string): Promise<Switched>
  /** After the file has gone. */
  forget(): Promise<void>
  byHand(file: string, act: 'install' | 'uninstall'): readonly string[]
}
