// What git says while it pushes, as far as a person should see it twice: progress and the remote's own words. What the outer git
// says itself, once the helper has answered, is left out.

/** @returns what takes the pieces as they come. */
export function liveTalk(write: (text: string) => void): (piece: string) => void {
  let rest = ''
  return (piece) => {
    rest += piece
    for (;;) {
      const end = rest.search(/[\r\n]/)
      if (end < 0) return
      const line = rest.slice(0, end + 1)
      rest = rest.slice(end + 1)
      if (LIVE.test(line)) write(line)
    }
  }
}

const LIVE =
  /^(?:remote: |Enumerating |Counting |Delta |Compressing |Writing |Total |warning: |ssh: |Host key )/
