// The network of the demonstration: a wire for each machine and each other one that it dials.
import { layWire, type Wire } from './wire.ts'

export interface Wires {
  /** Ports where a machine dials the others, by their names. */
  dialledFrom(machine: string): Readonly<Record<string, number>>
  /** Where a machine listens. */
  leadTo(machine: string, port: number): void
  cutOff(machine: string): void
  mend(): void
  close(): void
}

export async function layWires(machines: readonly string[]): Promise<Wires> {
  const ends = machines.flatMap((from) =>
    machines.filter((to) => to !== from).map((to) => ({ from, to })),
  )
  const wires: readonly { from: string; to: string; wire: Wire }[] = await Promise.all(
    ends.map(async (way) => ({ ...way, wire: await layWire() })),
  )
  return {
    dialledFrom: (machine) =>
      Object.fromEntries(
        wires.filter(({ from }) => from === machine).map(({ to, wire }) => [to, wire.port]),
      ),
    leadTo(machine, port) {
      for (const { to, wire } of wires) if (to === machine) wire.leadTo(port)
    },
    cutOff(machine) {
      for (const { from, to, wire } of wires) if (from === machine || to === machine) wire.cut()
    },
    mend() {
      for (const { wire } of wires) wire.mend()
    },
    close() {
      for (const { wire } of wires) wire.close()
    },
  }
}
