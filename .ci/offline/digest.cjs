// Prints what an unpacked program is known by: a hash of every file and its name, in one order everywhere. In the archive it tells
// install.sh whether everything has arrived, and whether what is installed is still whole.
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const root = path.resolve(process.argv[2] ?? '.')
const hash = createHash('sha256')

function add(folder) {
  for (const name of fs.readdirSync(folder).sort()) {
    const file = path.join(folder, name)
    if (fs.statSync(file).isDirectory()) add(file)
    else if (file !== path.join(root, 'BUILD')) {
      const bytes = fs.readFileSync(file)
      const shown = path.relative(root, file).split(path.sep).join('/')
      hash.update(`${shown}\0${String(bytes.length)}\0`).update(bytes)
    }
  }
}

add(root)
console.log(hash.digest('hex').slice(0, 12))
