// What `skein service` needs of this machine's own side: shapes alone, which daemon/service fills.
import type { FileChange, WiringProblem } from './setup.ts'

export type ServiceManager = 'systemd' | 'launchd'

/** What lies where the service manager looks. */
export type ServiceFile =
  | 'absent'
  /** As skein wrote it, by this version or another. */
  | 'ours'
  /** Written by skein, and changed by somebody since. */
  | 'edited'
  | 'foreign'

export interface ServicePlan {
  readonly file: string
  /** Null where nothing is to be written or removed. */
  readonly change: FileChange | null
  /** Why the file is left alone. */
  readonly problem: WiringProblem | null
}

export interface ServiceState {
  readonly found: ServiceFile
  /** It is what would be written now. */
  readonly isCurrent: boolean
  /** It starts the very program that looks. */
  readonly isThis: boolean
}

export interface ManagerState {
  /** Started at each login. */
  readonly isEnabled: boolean
  readonly isActive: boolean
  readonly pid: number | null
  /** Also without a login, from the start of the machine on; null where there is no such thing. */
  readonly lingers: boolean | null
}

export interface Switched {
  readonly said: readonly string[]
  /** What went wrong, and the next command. */
  readonly problem: { readonly says: string; readonly hint: string } | null
}

export interface UserService {
  readonly manager: ServiceManager
  /** Where the manager looks for it. */
  readonly file: string
  /** What would be written there. @throws SkeinError HOME_UNUSABLE where a path cannot be. */
  text(): Promise<string>
  plan(act: 'install' | 'uninstall'): Promise<ServicePlan>
  look(): Promise<ServiceState>
  /** Null where none of this user answers. */
  askManager(): Promise<ManagerState | null>
  /** Writes or removes the file. @throws SkeinError FORBIDDEN */
  apply(plan: ServicePlan): void
  /** Has the manager start it now and at each login. @param isNew the file or the program has changed. */
  turnOn(isNew: boolean): Promise<Switched>
  /** Before the file goes. */
  turnOff(): Promise<Switched>
  /** After it has gone. */
  forget(): Promise<void>
  /** What a person types where no manager answers. */
  byHand(act: 'install' | 'uninstall'): readonly string[]
}
