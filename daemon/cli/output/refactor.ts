// What a claim of a symbol with its uses answers: how they were found, then what every claim says.
import type { OperationResult } from '../../../protocol/index.ts'
import { claimFace, planFace } from './claim.ts'
import type { Page } from './page.ts'
import { symbolsOf } from './scope.ts'
import { count } from './text.ts'

type Result = OperationResult<'refactor'>

/** More would be a page to scroll; `--json` has them all. */
const FILES_SHOWN_MAX = 20

export function refactorFace(result: Result, page: Page): readonly string[] {
  const notes = result.notes.map((note) => page.paint('warning', `note: ${note}`))
  const { status } = result
  if (status !== 'planned')
    return [...foundLines(result), ...notes, ...claimFace({ ...result, status }, page)]
  return [...foundLines(result), ...fileLines(result, page), ...notes, ...planFace(result, page)]
}

function foundLines({ uses, files, found_by: by, server }: Result): readonly string[] {
  const what = `${count(uses, 'place')} in ${count(files.length, 'file')}`
  return by === 'names'
    ? [`found ${what}, by names (tree-sitter): other things of that name may be among them`]
    : [`found ${what}, by ${server ?? 'a language server'}`]
}

function fileLines({ files }: Result, page: Page): readonly string[] {
  const shown = files.slice(0, FILES_SHOWN_MAX)
  const hidden = files.length - shown.length
  return [
    ...shown.flatMap(({ file, symbols, whole }) => [
      ...(whole === null ? [] : [`  ${page.paint('strong', file)} as a whole: ${whole}`]),
      ...(symbols.length === 0 ? [] : [`  ${page.paint('strong', symbolsOf(file, symbols))}`]),
    ]),
    ...(hidden === 0 ? [] : [`  and ${count(hidden, 'more file')}`]),
  ]
}
