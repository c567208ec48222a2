// The script for fish: a line for each word that may follow, under the condition that its command is being typed.
import { places, type FlagWord, type Place, type Source } from './grammar.ts'

/** @param version of the program, for whoever finds the file later. */
export function fishScript(version: string): string {
  const all = places()
  const valued = new Set(
    all.flatMap(({ flags }) => flags.flatMap(({ flag, title }) => (title === null ? [] : [flag]))),
  )
  const commands = all.filter(({ name }) => name !== '').map(({ name }) => quote(name))
  return [
    `# Completions of skein ${version} for fish; made by \`skein completions fish\`.`,
    '# Save it as ~/.config/fish/completions/skein.fish.',
    '',
    `set -g __skein_valued ${[...valued].join(' ')}`,
    `set -g __skein_commands ${commands.join(' ')}`,
    MACHINERY,
    '',
    'complete -c skein -e',
    'complete -c skein -f',
    ...all.flatMap(linesOf),
    '',
  ].join('\n')
}

function linesOf(place: Place): readonly string[] {
  const { name, next, flags, slots } = place
  const at = (index: string): string => `-n ${quote(`__skein_at ${quote(name)} ${index}`)}`
  return [
    ...next.map(({ word, help }) => `complete -c skein ${at('0')} -a ${word} -d ${quote(help)}`),
    ...slots.flatMap(({ source, many }, i) => {
      const values = valuesOf(source)
      return values === ''
        ? []
        : [`complete -c skein ${at(`${String(i)}${many ? '+' : ''}`)} ${values}`]
    }),
    ...flags.map((flag) => `complete -c skein ${at('any')} ${flagOptions(flag)}`),
  ]
}

function flagOptions({ flag, help, title, source }: FlagWord): string {
  const words = [`-l ${flag.slice(2)}`]
  if (title !== null) words.push(source.kind === 'file' ? '-r' : '-x')
  return [...words, title === null ? '' : valuesOf(source), `-d ${quote(help)}`]
    .filter((word) => word !== '')
    .join(' ')
}

function valuesOf(source: Source): string {
  if (source.kind === 'file') return '-F'
  if (source.kind === 'words') return `-a ${quote(source.words.join(' '))}`
  return source.kind === 'live' ? `-a ${quote(`(__skein_live ${source.of})`)}` : ''
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

const MACHINERY = String.raw`
# The command that is being typed, and how many arguments it has so far.
function __skein_place
    set -l verb
    set -l at 0
    set -l skip no
    set -l ended no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
            continue
        end
        if test $ended = no
            switch $word
                case --
                    set ended yes
                    continue
                case '-*=*'
                    continue
                case '-?*'
                    contains -- $word $__skein_valued; and set skip yes
                    continue
            end
        end
        set -l longer (string trim -- "$verb $word")
        if test $at = 0; and contains -- $longer $__skein_commands
            set verb $longer
        else
            set at (math $at + 1)
        end
    end
    echo "$verb"
    echo $at
end

# Is this the command, and this the argument under the cursor? 2+: that one or a later one.
function __skein_at -a verb at
    set -l place (__skein_place)
    test "$place[1]" = "$verb"; or return 1
    switch $at
        case any
            return 0
        case '*+'
            test $place[2] -ge (string trim -r -c + -- $at)
        case '*'
            test $place[2] = $at
    end
end

function __skein_live
    skein candidates $argv[1] -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end`
