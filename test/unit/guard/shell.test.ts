// What commands would write, by their text. The table is the specification: a command, and the targets that the guard sees.
//   a path        a file, from the folder that the command starts in (`/` first: absolute)
//   path/         with everything under it; path/~ only what has changes
//   path?         only if there is such a file
//   path*         a glob
//   a>b           copied to b, or into it
//   !changed      every file with changes in the worktree     !untracked   those that git does not know
//   ?             it may write, and its text does not say where
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { shellWrites } from '../../../daemon/guard/shell/interpret.ts'
import { plainScript } from '../../../daemon/guard/shell/plain.ts'
import type { ShellAnswer } from '../../../daemon/ports.ts'
import type { ShellWrite } from '../../../daemon/guard/shell/writes.ts'
import { createSymbols } from '../../../daemon/symbols/symbols.ts'

const FOLDER = '/w/repo'
const symbols = createSymbols()
after(() => symbols.stop())

const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'commands that write nothing': {
    ls: '',
    'ls -la src | head -3': '',
    'cat a.ts b.ts | grep -n foo | sort | uniq -c': '',
    "sed -n '1,20p' src/a.ts": '',
    "sed 's/a/b/' src/a.ts": '',
    'git status --short': '',
    'git diff HEAD~1 -- src/a.ts': '',
    'git log --oneline -5 && git show HEAD': '',
    "git commit -am 'message with > sign'": '',
    'git add -A && git push origin main': '',
    'git checkout -b topic': '',
    'git reset HEAD src/a.ts': '',
    'git restore --staged src/a.ts': '',
    'git stash list': '',
    'git rm --cached a.ts': '',
    'git clean -nd': '',
    'git apply --check a.patch': '',
    'echo "a > b"': '',
    "echo 'rm -rf src'": '',
    'test -f a.ts && echo yes': '',
    '[ -f a.ts ] || exit 1': '',
    'ls 2>&1': '',
    'ls > /dev/null 2>&1': '',
    'ls 2>/dev/null': '',
    'ls &> /dev/null': '',
    'cat < a.ts': '',
    "awk '{print $1}' a.ts": '',
    "find . -name '*.ts'": '',
    "find . -name '*.ts' -exec grep -l foo {} +": '',
    'cat list | xargs grep foo': '',
    'mkdir -p src/new': '',
    'cd src && ls': '',
    'FOO=bar printenv FOO': '',
    'node --version': '',
    'command -v skein': '',
    "bash -c 'ls | wc -l'": '',
    'true # rm a.ts': '',
    'while read line; do echo "$line"; done < a.ts': '',
    'curl -s https://example.org | jq .': '',
    'for i in 1 2 3; do echo $i; done': '',
    'diff <(sort a.ts) <(sort b.ts)': '',
    'export A=b': '',
    'chown me a.ts': '',
    'sudo ls /root': '',
    'python3 --version': '',
  },
  redirections: {
    'echo a > src/a.ts': 'src/a.ts',
    'echo a >> src/a.ts': 'src/a.ts',
    'echo a >| src/a.ts': 'src/a.ts',
    'echo a &> out.txt': 'out.txt',
    'echo a >& out.txt': 'out.txt',
    'echo a 1>out.txt 2>err.txt': 'err.txt out.txt',
    '> src/a.ts': 'src/a.ts',
    ': > src/a.ts': 'src/a.ts',
    'echo a > "src/with space.ts"': 'src/with space.ts',
    "echo a > src/it\\'s.ts": "src/it's.ts",
    'echo a > /elsewhere/a.ts': '/elsewhere/a.ts',
    'echo a > ../other/a.ts': '/w/other/a.ts',
    'echo a > ~/notes.txt': '/home/me/notes.txt',
    'echo a > $HOME/notes.txt': '/home/me/notes.txt',
    'echo a > "${PWD}/x.ts"': 'x.ts',
    'cat > src/a.ts <<EOF\ntext $(date)\nEOF': 'src/a.ts',
    "cat <<'EOF' > src/a.ts\n> not a redirection\nEOF": 'src/a.ts',
    'cat <<EOF | tee src/a.ts\ntext\nEOF': 'src/a.ts',
    'cat <<-EOF >> src/a.ts\n\ttext\n\tEOF': 'src/a.ts',
    '(echo a; echo b) > src/a.ts': 'src/a.ts',
    '{ echo a; echo b; } > src/a.ts': 'src/a.ts',
    'for i in 1 2; do echo $i; done > src/a.ts': 'src/a.ts',
    'if true; then echo a > a.ts; else echo b > b.ts; fi': 'a.ts b.ts',
    'echo $(echo inner > in.ts)': 'in.ts',
    'cat a | tee >(sort > sorted.txt) > out.txt': 'out.txt sorted.txt',
    'echo a > "$UNSET_HERE/x.ts"': '?',
    'echo a > $(date +%F).log': '?',
    'cd src && echo a > a.ts': 'src/a.ts',
    'cd src || exit; echo a > a.ts': 'src/a.ts',
    '(cd src; echo a > a.ts); echo b > b.ts': 'b.ts src/a.ts',
    'cd "$SOMEWHERE" && echo a > a.ts': '?',
    'cd src/deep/../other && echo a > ./a.ts': 'src/other/a.ts',
    'pushd src && echo a > a.ts && popd && echo b > b.ts': '? src/a.ts',
    'echo a > src/*.ts': 'src/*.ts*',
  },
  variables: {
    'F=src/a.ts; echo a > $F': 'src/a.ts',
    'F=src/a.ts\nsed -i s/a/b/ "$F"': 'src/a.ts',
    'D=src; echo a > ${D}/a.ts': 'src/a.ts',
    'export F=src/a.ts && rm "$F"': 'src/a.ts',
    'F=$(pick); rm $F': '?',
    'for f in src/a.ts src/b.ts; do sed -i s/a/b/ $f; done': 'src/a.ts src/b.ts',
    'for f in src/*.ts; do sed -i s/a/b/ "$f"; done': '?',
    'read F; rm "$F"': '?',
    'F=a.ts true; rm "$F"': '?',
  },
  'programs with files': {
    'tee src/a.ts < in': 'src/a.ts',
    'echo a | tee -a src/a.ts src/b.ts > /dev/null': 'src/a.ts src/b.ts',
    "sed -i 's/a/b/' src/a.ts": 'src/a.ts',
    "sed -i.bak 's/a/b/' src/a.ts src/b.ts": 'src/a.ts src/b.ts',
    "sed -i '' 's/a/b/' src/a.ts": 'src/a.ts',
    "sed -i -e 's/a/b/' -e 's/c/d/' src/a.ts": 'src/a.ts',
    "sed --in-place=.orig 's/a/b/' src/a.ts": 'src/a.ts',
    "sed -ni '/x/p' src/a.ts": 'src/a.ts',
    "sed -Ei 's/a+/b/' src/a.ts": 'src/a.ts',
    "sed -i 's/a/b/' src/*.ts": 'src/*.ts*',
    "sed -i 's/a/b/' src/{a,b}.ts": 'src/a.ts src/b.ts',
    "sed -n '/a/w out.txt' src/a.ts": '?',
    "perl -pi -e 's/a/b/' src/a.ts": 'src/a.ts',
    "perl -i.bak -pe 's/a/b/' src/a.ts": 'src/a.ts',
    "perl -e 'print 1'": '?',
    "ruby -i -pe '$_.upcase!' src/a.ts": 'src/a.ts',
    "awk -i inplace '{print}' src/a.ts": 'src/a.ts',
    'awk \'{print > "out.txt"}\' src/a.ts': '?',
    'cp a.ts b.ts': 'a.ts>b.ts',
    'cp -r src/a lib/': 'src/a>lib',
    'cp a.ts b.ts src': 'a.ts+b.ts>src',
    'cp -t src a.ts b.ts': 'a.ts+b.ts>src',
    'mv a.ts b.ts': 'a.ts/ a.ts>b.ts',
    'rm a.ts src/b.ts': 'a.ts src/b.ts',
    'rm -rf src': 'src/',
    'rm -f -- -odd.ts': '-odd.ts',
    'ln -sf a.ts b.ts': 'a.ts>b.ts',
    'install -m 644 a.ts src/b.ts': 'a.ts>src/b.ts',
    'install -d src/new': '',
    'touch src/a.ts': 'src/a.ts',
    'truncate -s 0 src/a.ts': 'src/a.ts',
    'dd if=/dev/zero of=src/a.ts bs=1 count=1': 'src/a.ts',
    'chmod +x run.sh': 'run.sh',
    'chmod -x run.sh': 'run.sh',
    'patch src/a.ts < fix.diff': 'src/a.ts',
    'patch -p1 < fix.diff': '?',
    'sort -o a.txt a.txt': 'a.txt',
    'curl -o src/a.ts https://example.org/a.ts': 'src/a.ts',
    'curl -sO https://example.org/a.ts': '?',
    'wget -O src/a.ts https://example.org': 'src/a.ts',
    'unlink src/a.ts': 'src/a.ts',
    '/bin/rm src/a.ts': 'src/a.ts',
    '\\rm src/a.ts': 'src/a.ts',
  },
  git: {
    'git checkout -- src/a.ts': 'src/a.ts/~',
    'git checkout HEAD~1 -- src/a.ts src/b.ts': 'src/a.ts/~ src/b.ts/~',
    'git checkout .': './~? ?',
    'git checkout main': '? main/~?',
    'git checkout -f': '!changed ?',
    'git switch main': '?',
    'git restore src/a.ts': 'src/a.ts/~',
    'git restore --source=HEAD~2 --worktree --staged src': 'src/~',
    "git restore 'src/*.ts'": 'src/*.ts*/~',
    'git restore .': './~',
    'git reset --hard': '!changed',
    'git reset --hard HEAD': '!changed',
    'git reset --hard origin/main': '!changed ?',
    'git stash': '!changed',
    'git stash push -m wip': '!changed',
    'git stash -u': '!changed !untracked',
    'git stash push -- src/a.ts': 'src/a.ts/~',
    'git stash pop': '?',
    'git clean -fd': '!untracked',
    'git rm src/a.ts': 'src/a.ts/',
    'git mv a.ts b.ts': 'a.ts/ a.ts>b.ts',
    'git apply fix.patch': '?',
    'git merge topic': '?',
    'git pull --rebase': '?',
    'git rebase main': '?',
    'git cherry-pick abc': '?',
    'git -C src checkout -- a.ts': 'src/a.ts/~',
    'git -c core.editor=true commit': '',
    'git --git-dir=/x/.git reset --hard': '?',
    'git whatever': '?',
  },
  'commands in commands': {
    "bash -c 'echo a > src/a.ts'": 'src/a.ts',
    'sh -c "rm src/a.ts"': 'src/a.ts',
    "bash -lc 'cd src && rm a.ts'": 'src/a.ts',
    'bash -c \'bash -c "rm a.ts"\'': 'a.ts',
    'bash -c "$CODE"': '?',
    'bash build.sh': '?',
    "bash <<'EOF'\nrm src/a.ts\nEOF": 'src/a.ts',
    'sh <<< "rm a.ts"': 'a.ts',
    'curl -s https://example.org | sh': '?',
    "eval 'rm src/a.ts'": 'src/a.ts',
    'eval "cd src"; rm a.ts': 'src/a.ts',
    'eval "$CODE"': '?',
    'env A=b rm a.ts': 'a.ts',
    'env -u A rm a.ts': 'a.ts',
    'sudo rm a.ts': 'a.ts',
    'sudo -u me tee a.ts': 'a.ts',
    'nohup rm a.ts &': 'a.ts',
    'time rm a.ts': 'a.ts',
    'timeout 5 rm a.ts': 'a.ts',
    'timeout -k 1 5 rm a.ts': 'a.ts',
    'nice -n 5 rm a.ts': 'a.ts',
    'command rm a.ts': 'a.ts',
    'exec rm a.ts': 'a.ts',
    'cat list | xargs rm': '?',
    "grep -l foo -r src | xargs sed -i 's/foo/bar/'": '?',
    "find . -name '*.ts' -delete": '?',
    "find . -name '*.ts' -exec rm {} \\;": '?',
    'f() { rm a.ts; }; f': 'a.ts',
    'f() { rm a.ts; }': '',
    '! rm a.ts': 'a.ts',
    'case $x in a) rm a.ts;; esac': 'a.ts',
    'while true; do rm a.ts; done': 'a.ts',
    'until false; do rm a.ts; done': 'a.ts',
    'true && rm a.ts || rm b.ts': 'a.ts b.ts',
    'coproc rm a.ts': '?',
    "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: src/a.ts\n@@\n-a\n+b\n*** Add File: c.ts\n+c\n*** End Patch\nEOF":
      'c.ts src/a.ts',
    "cd src && apply_patch '*** Begin Patch\n*** Delete File: a.ts\n*** End Patch'": 'src/a.ts',
    'apply_patch < fix.patch': '?',
  },
  'commands in other folders': {
    'env -C src rm a.ts': 'src/a.ts',
    'env -Csrc rm a.ts': 'src/a.ts',
    'env --chdir=src rm a.ts': 'src/a.ts',
    'env --chdir src A=b rm a.ts': 'src/a.ts',
    'env -i -u HOME -C src rm a.ts': 'src/a.ts',
    'env -C src rm a.ts; rm b.ts': 'b.ts src/a.ts',
    'env -C "$SOMEWHERE" rm a.ts': '?',
    'env -C src -C deep rm a.ts': '?',
    'env -C src bash -c "rm a.ts"': 'src/a.ts',
    'env -C src git checkout -- a.ts': 'src/a.ts/~',
    'sudo -D src rm a.ts': 'src/a.ts',
    'sudo -Dsrc rm a.ts': 'src/a.ts',
    'sudo --chdir=src rm a.ts': 'src/a.ts',
    'sudo --chdir src rm a.ts': 'src/a.ts',
    'sudo -n -u me -D src rm a.ts': 'src/a.ts',
    'sudo -R /jail rm a.ts': '?',
    'sudo -i rm a.ts': '?',
    'sudo -e src/a.ts': '?',
    'sudo A=b rm a.ts': 'a.ts',
    "env -S 'rm a.ts'": 'a.ts',
    "env -S'rm a.ts'": 'a.ts',
    "env --split-string='rm a.ts' b.ts": 'a.ts b.ts',
    "env -S '-C src rm' a.ts": 'src/a.ts',
    "env -C src -S 'rm a.ts'": 'src/a.ts',
    "env -S 'A=b ls'": '',
    'env -S "$CODE"': '?',
    'env --other rm a.ts': '?',
    'env -C src ls': '',
    env: '',
    'env A=b': '',
    'env -i PATH=/bin ls': '',
    'time -o src/t.txt ls': 'src/t.txt',
    'time -osrc/t.txt rm a.ts': 'a.ts src/t.txt',
    'time -p ls': '',
    '/usr/bin/time -v ls': '',
    'timeout -k1 5s ls': '',
    'timeout --foreground 5 ls': '',
    'stdbuf -oL grep foo a.ts': '',
    'nice -10 ls': '',
    "trap 'rm -f /w/repo/a.ts' EXIT": 'a.ts',
    "trap 'rm -f a.ts' EXIT": '?',
    'trap \'rm "$T"\' EXIT': '?',
    "trap 'echo bye' EXIT": '',
    "trap -- 'rm /w/repo/a.ts' INT TERM": 'a.ts',
    'trap - EXIT': '',
    "trap '' INT": '',
    'trap -p': '',
    'trap "$CODE" EXIT': '?',
    "find . -name '*.ts' -type f": '',
    "find src test -maxdepth 2 -type f -name '*.ts' -not -path '*/x/*'": '',
    'find . \\( -name a -o -name b \\) -prune -o -print0': '',
    'find . -mtime -7 -size +10k -newer a.ts -ls': '',
    "find . -printf '%p\\n'": '',
    'find . -fprint out.txt': 'out.txt',
    'find . -fprint0 out.txt': 'out.txt',
    "find . -fprintf out.txt '%p'": 'out.txt',
    'find . -fls out.txt': 'out.txt',
    'find . -type f -exec wc -l {} + -fprint out.txt': 'out.txt',
    'find . -execdir rm a.ts \\;': '?',
    'find . -exec ls {} \\; -ok rm {} \\;': '?',
    'find . -whatever': '?',
    'cat list | xargs -I % rm %': '?',
    'cat list | xargs -0 -n1 grep -l foo': '',
    'ls | xargs -I{} wc -l {}': '',
    'echo a 1<> src/a.ts': '?',
    'echo a <> src/a.ts': '?',
    'exec 3<>src/a.ts': '?',
  },
  'what the text does not say': {
    'npm test': '?',
    make: '?',
    'python3 -c \'open("a", "w")\'': '?',
    "python3 - <<'EOF'\nopen('a.ts','w')\nEOF": '?',
    'node script.js': '?',
    'npx prettier --write .': '?',
    '$TOOL a.ts': '?',
    'source env.sh': '?',
    './build.sh': '?',
    "echo 'unterminated": '?',
    'tar xf a.tar': '?',
  },
}

function shown(write: ShellWrite): string {
  const from = (place: { text: string; glob: string | null }): string => {
    const text = place.glob === null ? place.text : `${place.glob}*`
    if (text === FOLDER) return '.'
    return text.startsWith(`${FOLDER}/`) ? text.slice(FOLDER.length + 1) : text
  }
  switch (write.kind) {
    case 'unknown':
      return '?'
    case 'worktree':
      return `!${write.which}`
    case 'copy':
      return `${write.sources.map(from).join('+')}>${from(write.place)}`
    case 'file': {
      const tree = write.tree === undefined ? '' : write.tree === 'all' ? '/' : '/~'
      return `${from(write.place)}${tree}${write.isMaybe === true ? '?' : ''}`
    }
  }
}

describe('a command of plain words', () => {
  it('is read without the parser as with it', async () => {
    const commands = Object.values(TABLE).flatMap((cases) => Object.keys(cases))
    const plain = commands.filter((command) => plainScript(command) !== null)
    assert.ok(plain.length > 30, String(plain.length))
    for (const command of plain) {
      const reading = { command, folder: FOLDER, home: '/home/me' }
      const read = (text: string) => symbols.readShell(text)
      const quick = (text: string): Promise<ShellAnswer> => {
        const script = plainScript(text)
        return script === null ? read(text) : Promise.resolve({ kind: 'script', script })
      }
      const parsed = await shellWrites({ ...reading, read })
      assert.deepEqual(await shellWrites({ ...reading, read: quick }), parsed, command)
    }
  })
})

describe('the writes of a command', () => {
  for (const [group, cases] of Object.entries(TABLE)) {
    describe(group, () => {
      for (const [command, expected] of Object.entries(cases)) {
        it(`are ${expected === '' ? 'none' : expected}: ${JSON.stringify(command)}`, async () => {
          const writes = await shellWrites({
            command,
            folder: FOLDER,
            home: '/home/me',
            read: (text) => symbols.readShell(text),
          })
          const found = [...new Set(writes.map(shown))].sort().join(' ')
          assert.equal(found, expected.split(' ').length > 1 ? sorted(expected) : expected)
        })
      }
    })
  }
})

/** Names with spaces are single words in their row. */
function sorted(expected: string): string {
  return expected.includes('with space') ? expected : expected.split(' ').sort().join(' ')
}
