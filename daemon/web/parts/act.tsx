// An act of a person: a button, then a question that says what it does, then the operation. Never at one touch.
import { useRef, useState, type ReactNode } from 'react'
import { useBoard } from '../state/board.ts'

export interface ActOptions {
  readonly title: string
  /** What it does, and to whom. */
  readonly about: string
  /** Of the button that does it. */
  readonly confirm: string
  /** Asked for; it is told to whom it concerns. Null: nothing is asked. */
  readonly reason: string | null
  readonly isDangerous?: boolean
  readonly run: (reason: string) => Promise<string>
}

export function Act(options: ActOptions): ReactNode {
  const { title, isDangerous = false } = options
  const { login } = useBoard()
  const dialog = useRef<HTMLDialogElement>(null)
  const [round, setRound] = useState(0)
  return (
    <>
      <button
        type="button"
        className={isDangerous ? 'button danger' : 'button'}
        disabled={!login.mayAct}
        title={login.mayAct ? undefined : 'This page was opened without a terminal: it shows.'}
        onClick={() => {
          setRound(round + 1)
          dialog.current?.showModal()
        }}
      >
        {title}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <Question
          key={round}
          {...options}
          onDone={() => {
            dialog.current?.close()
          }}
        />
      </dialog>
    </>
  )
}

function Question(options: ActOptions & { readonly onDone: () => void }): ReactNode {
  const { title, about, confirm, reason, isDangerous = false, run, onDone } = options
  const { say } = useBoard()
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  const [isRunning, setRunning] = useState(false)
  const act = async (): Promise<void> => {
    setRunning(true)
    setProblem('')
    try {
      say(await run(text.trim()))
      onDone()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setRunning(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void act()
      }}
    >
      <h2>{title}</h2>
      <p>{about}</p>
      {reason === null ? null : (
        <label className="field">
          <span>{reason}</span>
          <textarea
            rows={3}
            required
            maxLength={500}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
            }}
          />
        </label>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
      <div className="dialog-buttons">
        <button type="button" className="button" onClick={onDone}>
          Keep it
        </button>
        <button
          type="submit"
          className={isDangerous ? 'button danger' : 'button main'}
          disabled={isRunning}
        >
          {confirm}
        </button>
      </div>
    </form>
  )
}
