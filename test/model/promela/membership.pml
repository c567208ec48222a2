/* The ledger with changes of voters: N machines, the voters at first V0, EM terms, SM records a term (TermStart
   included), at most CFGS Config records in the whole tree. docs/GUARANTEES.md, "The model", says what it shows.

   A Config adds or removes one voter and is in force from when it is appended; it is appended only over a committed
   TermStart of its own term, and while no other is uncommitted. A candidate needs a majority of the voters at its base,
   a commit one of the voters at the leader's last record. Machines that do not vote hold, pass on and acknowledge
   records all the same.

   A machine holds a prefix of each term's records: what arrives is the next record of any term, from anybody, at any
   time, with or without its ancestors. It is acknowledged as soon as its ancestry is there, if no later term is promised.

   Naive: NOPROMISE NOSTEPDOWN NOHEAD LONGEST VOLATILE (votes.pml), COUNTOLD, EARLYCONFIG, TWOATONCE; RIVALS,
   UNSYNCED and PLAIN are sound. */
#ifndef N
#define N 4
#endif
#ifndef V0
#define V0 7                            /* bit set: machines 0, 1, 2 */
#endif
#ifndef EM
#define EM 3
#endif
#ifndef SM
#define SM 3
#endif
#ifndef CFGS
#define CFGS 1
#endif
#define DOC(v, e)  doc[(v) * RM + (e) - 1]     /* how many records of e machine v holds */
#define ACK(v, e)  ack[(v) * RM + (e) - 1]     /* how many it acknowledged; 0 where no more than is committed */
#define SET(e, i)  set[((e) - 1) * SM + (i) - 1]  /* the voters in force at (e,i) */
#define PLACE(v, e) place((v), e)
#if CFGS > 0
#define CONF(e, i) ((e) == 0 -> V0 : SET(e, i))
#else
#define CONF(e, i) V0
#endif
#ifdef LONGEST
#define DEPTH(e, i) ((e) == 0 -> 0 : depth[(e) - 1] + (i))
byte depth[EM];                         /* of the base of each term */
#endif
#include "votes.pml"

byte doc[N * RM], ack[N * RM];
#if CFGS > 0
byte set[RM * SM], configs;
#endif

/* ok: v holds the TermStart of e and all its ancestors. */
inline complete(v, e) {
  ok = 1; atE = e; atI = 1;
  do
  :: atE > 0 && ok ->
    if
    :: DOC(v, atE) < atI -> ok = 0
    :: else -> up = BASEE(atE); atI = BASEI(atE); atE = up
    fi
  :: else -> break
  od
}

/* (headE,headI): the greatest record that v holds with its whole ancestry. */
inline head(v) {
  headE = 0; headI = 0; cur = RM;
  do
  :: cur > 0 ->
    if
    :: DOC(v, cur) > 0 ->
      complete(v, cur);
      if
      :: ok && GEQ(cur, DOC(v, cur), headE, headI) -> headE = cur; headI = DOC(v, cur)
      :: else
      fi
    :: else
    fi;
    cur--
  :: else -> break
  od
}

/* The leader of e counts: the greatest index that a majority of its last record's voters acknowledged. */
inline count(e) {
  nth = LAST(e);
  do
  :: nth > CMT(e) ->
    said = (ACK(0, e) >= nth) | ((ACK(1, e) >= nth) << 1) | ((ACK(2, e) >= nth) << 2);
#if N == 4
    said = said | ((ACK(3, e) >= nth) << 3);
#endif
    if
    :: MAJ(said, CONF(e, LAST(e))) -> CMT(e) = nth; check_committed(e); drop_told(e); break
    :: else -> nth--
    fi
  :: else -> break
  od
}

/* Acknowledgements of what is committed have no more to say. */
inline drop_told(e) {
  cur = 0;
  do
  :: cur < N ->
    if
    :: ACK(cur, e) <= CMT(e) -> ACK(cur, e) = 0
    :: else
    fi;
    cur++
  :: else -> break
  od
}

/* A leader has what it appends; with UNSYNCED only when it has synced it, which may be after others have, or never. */
inline own_copy(v, e) {
#ifndef UNSYNCED
  DOC(v, e) = LAST(e); ACK(v, e) = LAST(e)
#else
  skip
#endif
}

inline place(v, e) {
#if CFGS > 0
  SET(e, LAST(e)) = (LAST(e) == 1 -> CONF(BASEE(e), BASEI(e)) : SET(e, LAST(e) - 1));
#endif
#ifdef LONGEST
  depth[e - 1] = DEPTH(BASEE(e), BASEI(e));
#endif
  own_copy(v, e);
  count(e)
}

inline grow(e) { LAST(e) = LAST(e) + 1; place((OWN(e) - 1), e) }

/* v acknowledges what it may, lowest term first. */
inline acknowledge(v) {
  headE = 1;
  do
  :: headE <= RM ->
    if
    :: DOC(v, headE) > 0 && MAYACK(v, headE) ->
      complete(v, headE);
      if
      :: ok ->
        promise[v] = (promise[v] > headE -> promise[v] : headE);
        if
        :: DOC(v, headE) > CMT(headE) && DOC(v, headE) > ACK(v, headE) -> ACK(v, headE) = DOC(v, headE); count(headE)
        :: else
        fi
      :: else
      fi
    :: else
    fi;
    headE++
  :: else -> break
  od
}

#ifdef PLAIN
#define RECEIVE(v, e) :: d_step { (DOC(v, e) < LAST(e)) -> DOC(v, e) = DOC(v, e) + 1 }
#define ACKNOWLEDGE(v) :: d_step { acknowledge(v); skip }
#else
#define RECEIVE(v, e) :: d_step { (DOC(v, e) < LAST(e) && FREE(v)) -> DOC(v, e) = DOC(v, e) + 1; acknowledge(v); skip }
#define ACKNOWLEDGE(v)
#endif

#ifdef EARLYCONFIG                      /* N11: not waiting for the TermStart */
#define SETTLED(e) (CMT(e) > 0 || SET(e, LAST(e)) == CONF(BASEE(e), BASEI(e)))
#else
#define SETTLED(e) (CMT(e) > 0)
#endif
/* No Config after what is committed: that would have changed the voters. */
#define MAYCONFIG(e) (LAST(e) > 0 && LAST(e) < SM && promise[OWN(e) - 1] == e && configs < CFGS && SETTLED(e) && \
  (CMT(e) == 0 || SET(e, CMT(e)) == SET(e, LAST(e))))

/* The voters of `by` change sides: in or out. */
inline configure(e, by) {
  configs++;
  LAST(e) = LAST(e) + 1;
  SET(e, LAST(e)) = SET(e, LAST(e) - 1) ^ by;
  own_copy((OWN(e) - 1), e);
  count(e)
}
#if CFGS > 0
#define CONFIG(v, e) :: d_step { (MAYCONFIG(e) && SET(e, LAST(e)) != (1 << v)) -> configure(e, (1 << v)); skip }
#else
#define CONFIG(v, e)
#endif

#ifdef TWOATONCE                        /* N12: one in and one out, or two of a kind, by one record */
#define CONFIG2(by, e) :: d_step { (MAYCONFIG(e) && SET(e, LAST(e)) != by) -> configure(e, by); skip }
#define PAIRS(e) CONFIG2(3, e) CONFIG2(5, e) CONFIG2(6, e) CONFIG2(9, e) CONFIG2(10, e) CONFIG2(12, e)
#else
#define PAIRS(e)
#endif

#ifdef COUNTOLD                         /* N8: the leader of e counts who holds its base, and not its TermStart (Raft, figure 8) */
inline count_holder(v, e) {
  if
  :: promise[v] <= e && DOC(v, BASEE(e)) >= BASEI(e) ->
    complete(v, BASEE(e));
    if
    :: ok -> said = said | (1 << v); promise[v] = e
    :: else
    fi
  :: else
  fi
}
#define COUNT(e) :: d_step { (LAST(e) > 0 && BASEE(e) > 0 && promise[OWN(e) - 1] == e && CMT(BASEE(e)) < BASEI(e)) -> \
  said = 0; count_holder(0, e); count_holder(1, e); count_holder(2, e); \
  if \
  :: MAJ(said, V0) -> CMT(BASEE(e)) = BASEI(e); headE = BASEE(e); check_committed(headE); drop_told(headE) \
  :: else \
  fi }
#else
#define COUNT(e)
#endif

#define ELECTION(e) WIN(e) ALL(CAMPAIGN, e) ALL(VOTE, e)
#define RECORDS(e) COUNT(e) APPEND(e) ALL(CONFIG, e) PAIRS(e) ALL(RECEIVE, e)
init {
  do
  ELECTION(1)
  RECORDS(1)
  ELECTION(2)
#if EM > 2
  RECORDS(2)
  ELECTION(3)
#endif
#ifdef PLAIN
  RECORDS(EM)
  EACH(ACKNOWLEDGE)
#endif
#if EM > 3
  RECORDS(3)
  ELECTION(4)
#endif
  EACH(CAMPAIGN2)
  EACH(VOTE2)
  EACH(FORGET_PROMISE)
  od
}
