// `npm run check`: everything about the sources that is known without running them. Lint takes as long as the rest together, so
// both run side by side; each says what it found in one piece, and one that fails does not keep the others from being heard.
import { spawn } from 'node:child_process'

const SIDES = [['lint'], ['types', 'boundaries', 'format', 'dead']]

function run(script) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = []
    child.stdout.on('data', (chunk) => said.push(chunk))
    child.stderr.on('data', (chunk) => said.push(chunk))
    child.on('close', (code) => {
      process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${script}\n`)
      if (code !== 0) process.stdout.write(Buffer.concat(said))
      resolve(code === 0)
    })
  })
}

async function runInTurn(scripts) {
  let isGood = true
  for (const script of scripts) isGood = (await run(script)) && isGood
  return isGood
}

const sides = await Promise.all(SIDES.map(runInTurn))
if (!sides.every(Boolean)) process.exitCode = 1
