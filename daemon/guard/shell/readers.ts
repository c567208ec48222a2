// Programs that read and print. Most cannot write whatever their flags are; those that can are read flag by flag, and a
// flag that is not known to be harmless makes them unknown. Pure.
import { readKnown, type Flags } from './flags.ts'
import type { Arg, Options } from './writes.ts'

/** No flag of theirs writes a file or runs a program; or they work on what is no file of a repository. */
const READERS: ReadonlySet<string> = new Set(
  '[ [[ : arch b2sum base32 basename bc bg break cal cat cd chgrp chown cksum cmp column comm continue cut date df diff dig dirname dmesg du echo egrep exit expr false fg fgrep fold free getconf getopts grep groups hash head hexdump host hostname id jobs join jq kill let locale logname ls lsof md5sum mkdir more nl nproc nslookup numfmt od paste pgrep ping popd printenv printf ps pushd pwd read readlink readonly realpath return rmdir seq set sha1sum sha256sum sha512sum shift shopt skein sleep stat strings stty sum tac tail test times top tput tr true tty type ulimit umask unalias uname unset uptime users vmstat wait wc which whereis who whoami yes zcat'.split(
    ' ',
  ),
)

interface Reader extends Flags {
  /** Flags whose value is a file that it writes. */
  readonly outputs?: readonly string[]
  /** Operands that make it something else. */
  readonly isOther?: (read: Options) => boolean
  /** Of its operands, those that it writes. */
  readonly written?: (operands: readonly Arg[]) => readonly Arg[]
}

const CAREFUL: Readonly<Record<string, Reader>> = {
  alias: { short: 'p', isOther: ({ operands }) => operands.length > 0 },
  base64: { short: 'dDi', valued: 'wb', long: '--decode --ignore-garbage', longValued: '--wrap' },
  bat: {
    short: 'nApPudfSsh',
    valued: 'lrHm',
    long: '--plain --number --show-all --diff --unbuffered --squeeze-blank --force-colorization --list-languages --list-themes',
    longValued:
      '--style --color --paging --theme --language --line-range --highlight-line --decorations --wrap --tabs --file-name --terminal-width --italic-text --map-syntax',
    isOther: ({ operands }) => operands[0]?.text === 'cache',
  },
  curl: {
    short: 'sSLkfIviGgN012346#jaqRpnlBMV',
    valued: 'XHdFAeubmwyYzrECtPTxQUoDc',
    long: '--silent --show-error --location --location-trusted --insecure --fail --fail-with-body --fail-early --head --verbose --include --get --globoff --no-buffer --compressed --http1.0 --http1.1 --http2 --http3 --ipv4 --ipv6 --progress-bar --no-progress-meter --retry-all-errors --retry-connrefused --tlsv1.2 --tlsv1.3 --create-dirs --netrc --no-keepalive --basic --negotiate --path-as-is --ssl-reqd --create-file-mode',
    longValued:
      '--request --header --data --data-raw --data-binary --data-ascii --data-urlencode --json --form --form-string --user-agent --referer --user --cookie --max-time --connect-timeout --write-out --retry --retry-delay --retry-max-time --range --cacert --capath --cert --key --proxy --noproxy --upload-file --url --url-query --resolve --connect-to --max-redirs --limit-rate --unix-socket --interface --oauth2-bearer --aws-sigv4 --output --dump-header --cookie-jar --trace --trace-ascii --stderr --libcurl --etag-save --etag-compare --continue-at --max-filesize',
    outputs: [
      ...['-o', '--output', '-D', '--dump-header', '-c', '--cookie-jar', '--trace', '--stderr'],
      ...['--trace-ascii', '--libcurl', '--etag-save'],
    ],
    isOther: ({ values }) =>
      [...(values.get('-w') ?? []), ...(values.get('--write-out') ?? [])].some(
        (format) => format === null || /^@|%output\{/.test(format.text),
      ),
  },
  fd: {
    short: 'HIusipaLl0gFq1h',
    valued: 'detESojc',
    long: '--hidden --no-ignore --no-ignore-vcs --unrestricted --case-sensitive --ignore-case --glob --fixed-strings --absolute-path --list-details --follow --full-path --print0 --quiet --one-file-system --prune',
    longValued:
      '--max-depth --min-depth --exact-depth --exclude --type --extension --size --changed-within --changed-before --color --max-results --owner --threads --base-directory --search-path --strip-cwd-prefix --path-separator',
  },
  file: {
    short: 'bhikLnNprsvzZ0I',
    valued: 'mfFeP',
    long: '--brief --mime --mime-type --mime-encoding --dereference --no-dereference --keep-going --uncompress --print0 --extension',
    longValued: '--magic-file --files-from --separator --exclude',
  },
  gh: {
    isOther: ({ operands }) => !isAskingOfGh(operands),
  },
  history: { isOther: ({ operands }) => operands.some((each) => !/^\d+$/.test(each?.text ?? '')) },
  iconv: {
    short: 'cls',
    valued: 'fto',
    long: '--list --silent',
    longValued: '--from-code --to-code --output',
    outputs: ['-o', '--output'],
  },
  less: {
    short: 'NSRFXEinMmegGQqsuUwWIra',
    long: '--LINE-NUMBERS --RAW-CONTROL-CHARS --quit-if-one-screen --no-init --chop-long-lines',
    isOther: ({ operands }) => operands.some((each) => /^\+(?![FG\d]+$)/.test(each?.text ?? '')),
  },
  man: { short: 'kfwa', valued: 'sS', isOther: () => false },
  mktemp: {
    short: 'dqut',
    valued: 'p',
    long: '--directory --quiet --dry-run',
    longValued: '--suffix',
    isOther: isElsewhereThanTemporary,
  },
  openssl: {
    short: 'ar',
    long: '-noout -text -hex -base64 -md5 -sha1 -sha256 -sha384 -sha512 -showcerts -dates -subject -issuer -fingerprint -enddate -startdate -serial -pubkey -purpose -hash -modulus -binary -d -A -check -verify_return_error -brief -tls1_2 -tls1_3',
    longValued:
      '-in -inform -connect -servername -CAfile -CApath -out -passin -alpn -hmac -starttls',
    outputs: ['-out'],
    isOther: ({ operands: [name] }) =>
      !/^(?:version|dgst|x509|s_client|rand|base64|md5|sha\d+|ciphers|list|verify|asn1parse|crl|req|pkey|rsa|ec)$/.test(
        name?.text ?? '',
      ),
  },
  rg: {
    short: 'abcFhHiIlLnNopPqsSUuvVwxz0.',
    valued: 'ABCdefgjmrtTEM',
    long: '--hidden --no-ignore --no-ignore-vcs --ignore-case --smart-case --case-sensitive --fixed-strings --line-number --no-line-number --files --files-with-matches --files-without-match --count --count-matches --word-regexp --line-regexp --invert-match --only-matching --multiline --multiline-dotall --no-heading --heading --with-filename --no-filename --column --vimgrep --json --pcre2 --text --follow --null --null-data --passthru --pretty --quiet --stats --trim --type-list --unrestricted --no-messages --no-config --search-zip --crlf --no-mmap --no-unicode --debug --byte-offset --one-file-system --glob-case-insensitive --no-require-git --include-zero --version --help',
    longValued:
      '--glob --iglob --type --type-not --type-add --after-context --before-context --context --max-count --max-depth --max-columns --max-filesize --regexp --file --color --colors --sort --sortr --threads --replace --encoding --engine --context-separator --field-match-separator --ignore-file --path-separator --max-columns-preview',
  },
  sort: {
    short: 'bdfghiMnRrVcCmsuz',
    valued: 'kStTo',
    long: '--reverse --numeric-sort --unique --human-numeric-sort --general-numeric-sort --version-sort --random-sort --ignore-case --ignore-leading-blanks --dictionary-order --month-sort --stable --merge --check --zero-terminated --debug',
    longValued:
      '--key --field-separator --buffer-size --parallel --output --sort --temporary-directory --batch-size --files0-from --random-source',
    outputs: ['-o', '--output'],
  },
  ss: { short: 'tulnpaeimosx460rHOwdSbzEN', valued: 'fA' },
  tree: {
    short: 'adfxlqNQpugshDFvtcUrnCAiJXS',
    valued: 'LPIHTo',
    long: '--du --si --dirsfirst --filesfirst --prune --noreport --gitignore --matchdirs --fromfile --ignore-case --inodes --device --metafirst --info',
    longValued: '--filelimit --charset --sort --timefmt --gitfile --infofile',
    outputs: ['-o'],
  },
  wget: {
    short: 'qvSdc46',
    valued: 'OUTtoa',
    long: '-nv -nc --quiet --no-verbose --no-check-certificate --server-response --show-progress --spider --compression --content-on-error',
    longValued:
      '--output-document --output-file --append-output --header --timeout --tries --user-agent --method --body-data --post-data --referer --max-redirect --retry-connrefused --waitretry --read-timeout',
    outputs: ['-O', '--output-document', '-o', '--output-file', '-a', '--append-output'],
    isOther: ({ flags }) =>
      !['-O', '--output-document', '--spider'].some((flag) => flags.includes(flag)),
  },
  xxd: {
    short: 'abCdeEhipruv',
    valued: 'cglnosR',
    long: '-ps -plain -postscript -revert -include -bits -upper -autoskip -capitalize',
    longValued: '-cols -groupsize -len -name -seek -skip -offset',
    written: (operands) => operands.slice(1),
  },
}

/**
 * The files that such a program writes, mostly none.
 * @returns null: it has a word that may do anything. Undefined: it is no such program.
 */
export function outputsOfReader(
  name: string,
  args: readonly Arg[],
): readonly Arg[] | null | undefined {
  if (READERS.has(name)) return []
  const reader = Object.hasOwn(CAREFUL, name) ? CAREFUL[name] : undefined
  if (reader === undefined) return undefined
  const read = readKnown(name === 'gh' ? withoutFlagsOfGh(args) : args, reader)
  if (read === null || reader.isOther?.(read) === true) return null
  const given = (reader.outputs ?? []).flatMap((flag) => read.values.get(flag) ?? [])
  const written = [...given, ...(reader.written?.(read.operands) ?? [])]
  return written.filter((arg) => arg?.text !== '-')
}

/** Its flags choose what is shown; which command it is decides what it does. */
function withoutFlagsOfGh(args: readonly Arg[]): readonly Arg[] {
  return args.filter((arg) => arg?.text.startsWith('-') !== true)
}

function isAskingOfGh([noun, verb]: readonly Arg[]): boolean {
  if (noun === undefined) return true
  if (['api', 'search', 'status', 'version', 'help'].includes(noun?.text ?? '')) return true
  const isKnown = ['pr', 'issue', 'run', 'workflow', 'release', 'repo', 'auth', 'label'].includes(
    noun?.text ?? '',
  )
  const asks = ['list', 'view', 'status', 'diff', 'checks', 'watch', 'comment', 'edit', 'review']
  if (isKnown && [...asks, 'ready', 'reopen', 'rerun', 'cancel'].includes(verb?.text ?? ''))
    return true
  return ['pr', 'issue', 'label'].includes(noun?.text ?? '') && verb?.text === 'create'
}

/** A folder is no file; a file with a name that it makes up is no target, and harmless only among the temporary ones. */
function isElsewhereThanTemporary({ flags, values, operands }: Options): boolean {
  if (['-d', '--directory', '-u', '--dry-run'].some((flag) => flags.includes(flag))) return false
  const isIn = (arg: Arg): boolean => arg?.text.startsWith('/tmp') === true
  const folders = values.get('-p')
  if (folders !== undefined) return !folders.every(isIn)
  return !flags.includes('-t') && !operands.every(isIn)
}
