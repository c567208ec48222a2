// The script for zsh: its own _arguments reads the flags, a `case` chooses the command.
import { places, type FlagWord, type Place, type Slot, type Source } from './grammar.ts'

/** @param version of the program, for whoever finds the file later. */
export function zshScript(version: string): string {
  const all = places()
  const [root, ...rest] = all
  return [
    '#compdef skein',
    `# Completions of skein ${version} for zsh; made by \`skein completions zsh\`.`,
    '# Save it as _skein in a folder of $fpath, or after compinit: eval "$(skein completions zsh)"',
    '',
    MACHINERY,
    '',
    '_skein_place() {',
    '  case $1 in',
    ...[...(root === undefined ? [] : [root]), ...rest].flatMap(branch),
    '  esac',
    '}',
    ENTRY,
    '',
  ].join('\n')
}

function branch(place: Place): readonly string[] {
  const { name, next, flags, slots } = place
  const head = `    ${quote(name)})`
  const words =
    next.length === 0 ? slots.map(slotWord) : [quote('1: :->next'), quote('*:: :->rest')]
  return [
    head,
    ...(next.length === 0
      ? []
      : [
          '      _skein_choices=(',
          ...next.map(({ word, help }) => `        ${quote(`${word}:${help}`)}`),
          '      )',
        ]),
    '      _skein_specs=(',
    ...[...flags.map(flagWord), ...words].map((word) => `        ${word}`),
    '      )',
    '      ;;',
  ]
}

function flagWord({ flag, help, title, source, repeats }: FlagWord): string {
  const value = title === null ? '' : `:${escape(title)}:${actionOf(source)}`
  return quote(`${repeats ? '*' : ''}${flag}${title === null ? '' : '='}[${escape(help)}]${value}`)
}

function slotWord({ title, source, many }: Slot, at: number): string {
  return quote(`${many ? '*' : String(at + 1)}:${escape(title)}:${actionOf(source)}`)
}

function actionOf(source: Source): string {
  if (source.kind === 'file') return '_files'
  if (source.kind === 'words') return `(${source.words.join(' ')})`
  // With a blank before it, it is called as it stands.
  return source.kind === 'live' ? ` _skein_live ${source.of}` : ' '
}

function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, '\\$&')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

const MACHINERY = String.raw`
# $1: what a word names. Asked with the whole line, for its flags say where and of whom.
_skein_live() {
  local -a lines found
  local line
  lines=("${'$'}{(@f)$(skein candidates $1 -- "${'$'}{(@)_skein_line}" 2> /dev/null)}")
  for line in $lines; do
    [[ -n $line ]] && found+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}")
  done
  (($#found)) || return 1
  _describe -V -t "$1" "${'$'}{1//-/ }" found
}`

const ENTRY = String.raw`
# $1: the command so far. Words and CURRENT are what comes behind it.
_skein_walk() {
  local -a _skein_choices _skein_specs
  local state context ret=1
  typeset -A opt_args
  _skein_place "$1"
  (($#_skein_specs)) || { _default && return; return 1; }
  _arguments -C $_skein_specs && ret=0
  case $state in
    next) _describe -t commands command _skein_choices && ret=0 ;;
    rest) _skein_walk "${'$'}{1:+$1 }$words[1]" && ret=0 ;;
  esac
  return ret
}

_skein() {
  local curcontext=$curcontext
  local -a _skein_line line
  _skein_line=("${'$'}{(@)words[2,CURRENT]}")
  _skein_walk ''
}

# Loaded from fpath it is the function itself; evaluated it names it.
if [[ $funcstack[1] == _skein ]]; then
  _skein "$@"
else
  compdef _skein skein
fi`
