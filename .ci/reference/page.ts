// Markdown of the reference pages.
import type { OperationName } from '../../protocol/index.ts'

const HEAD = '<!-- Made by `npm run reference`; edits here are lost. -->'

export function page(...parts: readonly string[]): string {
  return `${[HEAD, ...parts].filter((part) => part !== '').join('\n\n')}\n`
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

export function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

/** As it is typed. */
export function spell(name: OperationName): string {
  return name.replace('/', ' ')
}

export function anchor(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-')
}
