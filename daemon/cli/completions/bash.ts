// The script for bash, from 3.2 on (macOS): tables as `case`, for it has no maps.
import { shellQuote } from '../../../protocol/index.ts'
import { places, type Place, type Source } from './grammar.ts'

/** @param version of the program, for whoever finds the file later. */
export function bashScript(version: string): string {
  const all = places()
  const heads = all.filter(({ next }) => next.length > 0)
  return [
    `# Completions of skein ${version} for bash; made by \`skein completions bash\`.`,
    '# For one user: eval "$(skein completions bash)" in ~/.bashrc.',
    '# Quicker, where the package bash-completion is installed: this file as',
    '#   ~/.local/share/bash-completion/completions/skein',
    '',
    '# $1: a command. What may follow it.',
    '_skein_next() {',
    ...caseOf(
      heads.map(({ name, next }) => [`'${name}'`, `next=${quote(next.map(({ word }) => word))}`]),
      '  next=',
    ),
    '}',
    '_skein_flags() {',
    ...caseOf(
      all.map(({ name, flags }) => [`'${name}'`, `flags=${quote(flags.map(({ flag }) => flag))}`]),
      '  flags=',
    ),
    '}',
    '# $1: a command, $2: its flag, or the number of its argument. Where the values come from; a switch has none.',
    '_skein_source() {',
    ...caseOf(all.flatMap(sourcesOf), '  source=', '$1 $2'),
    '}',
    MACHINERY,
    '',
  ].join('\n')
}

type Branch = readonly [pattern: string, act: string]

/** Branches that do the same are one. */
function caseOf(branches: readonly Branch[], otherwise: string, subject = '$1'): string[] {
  const byAct = new Map<string, string[]>()
  for (const [pattern, act] of branches) byAct.set(act, [...(byAct.get(act) ?? []), pattern])
  return [
    otherwise,
    `  case "${subject}" in`,
    ...[...byAct].map(([act, all]) => `    ${all.join(' | ')}) ${act} ;;`),
    '  esac',
  ]
}

function sourcesOf({ name, flags, slots }: Place): readonly Branch[] {
  const valued = flags.filter(({ title }) => title !== null)
  return [
    ...valued.map(({ flag, source }): Branch => [`'${name} ${flag}'`, assign(source)]),
    ...slots.map(({ source, many }, at): Branch => {
      return [`'${name} '${many ? numbersFrom(at) : String(at)}`, assign(source)]
    }),
  ]
}

/** A pattern of the numbers from this one on; behind another argument nobody types more than nine. */
function numbersFrom(digit: number): string {
  return digit === 0 ? '[0-9]*' : `[${String(digit)}-9]`
}

function assign(source: Source): string {
  if (source.kind === 'words') return `source=${quote(['words', ...source.words])}`
  return source.kind === 'live' ? `source=${quote(['live', source.of])}` : `source=${source.kind}`
}

function quote(words: readonly string[]): string {
  return shellQuote(words.join(' '))
}

const MACHINERY = String.raw`
# The words before the cursor, put together again where bash has cut them at = and :. The last one is under the cursor.
_skein_words() {
  local i word last glued=
  words=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    last=$((${'$'}{#words[@]} - 1))
    if ((last >= 0)) && [[ $glued || $word == [=:]* ]]; then
      words[last]+=$word
    else
      words+=("$word")
    fi
    glued=
    [[ $word == [=:] ]] && glued=1
  done
}

# Reads the words before the last one: sets verb, at (its arguments so far) and flag (whose value comes next).
_skein_walk() {
  local i word ended= last=$((${'$'}{#words[@]} - 1)) source next
  for ((i = 0; i < last; i++)); do
    word=${'$'}{words[i]}
    if [[ $flag ]]; then
      flag=
      continue
    fi
    if [[ ! $ended ]]; then
      case $word in
        --) ended=1 && continue ;;
        -*=*) continue ;;
        -?*)
          _skein_source "$verb" "$word"
          [[ $source ]] && flag=$word
          continue
          ;;
      esac
    fi
    _skein_next "$verb"
    if ((at == 0)) && [[ " $next " == *" $word "* ]]; then
      verb=${'$'}{verb:+$verb }$word
    else
      at=$((at + 1))
    fi
  done
  [[ $ended ]] && current_ended=1
}

# Adds those of the candidates that go on from what is typed. $1: what stands before the value in the same word.
_skein_offer() {
  local line word help plain=() shown=() lead
  # bash replaces only what stands behind the last of its own word breaks.
  lead=
  [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && lead=${'$'}{current%"${'$'}{current##*=}"}
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && lead=${'$'}{current%"${'$'}{current##*:}"}
  while IFS= read -r line; do
    word=$1${'$'}{line%%$'\t'*}
    help=
    [[ $line == *$'\t'* ]] && help=${'$'}{line#*$'\t'}
    [[ $word != "$1" && $word == "$current"* ]] || continue
    plain+=("${'$'}{word#"$lead"}")
    shown+=("${'$'}{word#"$lead"}${'$'}{help:+  ($help)}")
  done
  # Only where they are listed: what is inserted is the part that all have in common.
  case ${'$'}{#plain[@]}:${'$'}{COMP_TYPE:-0} in
    0:* | 1:*) COMPREPLY+=("${'$'}{plain[@]}") ;;
    *:9 | *:33 | *:63 | *:64) COMPREPLY+=("${'$'}{shown[@]}") ;;
    *) COMPREPLY+=("${'$'}{plain[@]}") ;;
  esac
}

# $1: a source, $2: what stands before the value in the same word.
_skein_values() {
  local kind=${'$'}{1%% *} more=${'$'}{1#* } value=${'$'}{current#"$2"}
  case $kind in
    words) _skein_offer "$2" < <(printf '%s\n' $more) ;;
    live) _skein_offer "$2" < <(skein candidates "$more" -- "${'$'}{words[@]}" 2> /dev/null) ;;
    file)
      type compopt > /dev/null 2>&1 && compopt -o filenames 2> /dev/null
      _skein_offer "$2" < <(compgen -f -- "$value")
      ;;
  esac
}

_skein() {
  local words current verb= flag= at=0 current_ended= source next flags IFS=$' \t\n'
  COMPREPLY=()
  _skein_words
  _skein_walk
  current=${'$'}{words[${'$'}{#words[@]} - 1]}
  if [[ $flag ]]; then
    _skein_source "$verb" "$flag"
    _skein_values "$source" ''
  elif [[ $current == -*=* && ! $current_ended ]]; then
    _skein_source "$verb" "${'$'}{current%%=*}"
    _skein_values "$source" "${'$'}{current%%=*}="
  elif [[ $current == -* && ! $current_ended ]]; then
    _skein_flags "$verb"
    _skein_offer '' < <(printf '%s\n' $flags)
  else
    _skein_next "$verb"
    if ((at == 0)) && [[ $next ]]; then _skein_offer '' < <(printf '%s\n' $next); fi
    _skein_source "$verb" "$at"
    _skein_values "$source" ''
  fi
}

complete -F _skein skein`
