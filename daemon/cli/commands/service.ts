// `skein service`: the daemon as a service of this user. What is told of it stands in service-tell.ts.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import { probe } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LocalCommand, Machine } from '../machine.ts'
import type { ServicePlan, Switched, UserService } from '../user-service.ts'
import { endDaemon } from './down.ts'
import { print, showPlan, tell, tellState, type Act } from './service-tell.ts'

export const run: LocalCommand = async (command, io, machine) => {
  const service = await machine.loadService()
  if (service === null) {
    const message = `On ${process.platform} skein knows no service manager.`
    throw new SkeinError('NOT_FOUND', message, { hint: 'skein up --background' })
  }
  switch (command.verb.name) {
    case 'service install':
      return change('install', service, command, io, machine)
    case 'service uninstall':
      return change('uninstall', service, command, io, machine)
    case 'service print':
      return print(service, command, io)
    default:
      return tellState(service, command, io)
  }
}

async function change(
  act: Act,
  service: UserService,
  command: Command,
  io: Io,
  machine: Machine,
): Promise<number> {
  const plan = await service.plan(act)
  const told = { act, plan, service }
  if (plan.problem !== null) {
    const { shown, problem, hint } = plan.problem
    const left = { says: `${shown} ${problem}, and is left alone.`, hint }
    return tell(told, { said: [], problem: left }, command, io)
  }
  if (command.fields['dry_run'] === true) return showPlan(told, command, io)
  if (act === 'uninstall') return tell(told, await uninstall(plan, service), command, io)
  service.apply(plan)
  const isNew = plan.change !== null || command.fields['restart'] === true
  return tell(told, await startService(service, isNew, io, machine), command, io)
}

/**
 * Has the manager run the daemon. One that runs by itself makes way; one that is of another version is started anew.
 * @param isNew start it anew in any case
 */
export async function startService(
  service: UserService,
  isNew: boolean,
  io: Io,
  machine: Machine,
): Promise<Switched> {
  const home = homePath(io.env)
  const manager = await service.askManager()
  if (manager === null) {
    const says = `It is written, and not started: no ${service.manager} of yours answers here.`
    return { said: [], problem: { says, hint: service.byHand('install').join(' && ') } }
  }
  const daemon = await machine.daemonOf(home)
  const isOwn = daemon !== null && daemon.pid === manager.pid
  const ended = isOwn ? null : await endDaemon(home, io, machine)
  const isOther = isOwn && daemon.version !== machine.version
  const switched = await service.turnOn(isNew || isOther)
  const made = `The daemon that ran by itself (pid ${String(ended)}) has made way for it.`
  const said = [...(ended === null ? [] : [made]), ...switched.said]
  return { said, problem: switched.problem ?? (await waitUntilReady(home, io)) }
}

async function uninstall(plan: ServicePlan, service: UserService): Promise<Switched> {
  if (plan.change === null) return { said: ['No service of skein is here.'], problem: null }
  const isAnswering = (await service.askManager()) !== null
  const switched = isAnswering ? await service.turnOff() : { said: [], problem: null }
  if (switched.problem !== null) return switched
  service.apply(plan)
  await service.forget()
  const stays = 'The home stays, and so do workers that run. A daemon: skein up --background'
  return { said: [...switched.said, stays], problem: null }
}

/** A cold disk may take ten times what a large ledger takes. */
const READY_MS_MAX = 15_000
const POLL_MS = 50
const PROBE_MS = 1_000

async function waitUntilReady(home: string, io: Io): Promise<Switched['problem']> {
  const deadline = performance.now() + READY_MS_MAX
  while (performance.now() < deadline && !io.interrupted.aborted) {
    const socket = findSockets(home).api
    if ((await probe('/readyz', { socket, timeoutMs: PROBE_MS })) === 200) return null
    await delay(POLL_MS)
  }
  const says = `The daemon is not ready after ${String(READY_MS_MAX / 1000)} s; it may yet be.`
  return { says, hint: 'skein service status; skein logs' }
}
