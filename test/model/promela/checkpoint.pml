/* The ledger with checkpoints: N voters, EM terms, SM records a term (TermStart included), of which one may be a
   Checkpoint. docs/GUARANTEES.md, "The model", says what it shows.

   A Checkpoint stands for everything before it: whoever holds it has a complete path without its ancestors. Once it is
   committed, a leader may prune: delete what lies before it from the documents. Deletions merge everywhere, so that who
   has not seen a record yet may get its place empty. A machine's own index of records ignores them; it forgets only what
   lies before a checkpoint that it holds and that is committed.

   Two more invariants: forgetting leaves a machine's head where it was (I3), and a newcomer that has nothing but the
   documents can complete what is committed, or a checkpoint that may still be.

   Naive: EARLYPRUNE, EARLYFORGET, OBEY together with EARLYPRUNE. OBEY alone and RIVALS are sound. */
#ifndef N
#define N 3
#endif
#ifndef V0
#define V0 7
#endif
#ifndef EM
#define EM 3
#endif
#ifndef SM
#define SM 3
#endif
#define CONF(e, i) V0
#define PLACE(v, e) place((v), e)
#include "votes.pml"

#define SEEN(v, e) seen[(v) * RM + (e) - 1]    /* how much of the term's array v has, deleted places included */
#define HELD(v, e) held[(v) * RM + (e) - 1]    /* bit set of the records of e in the index of v: bit i-1 for (e,i) */
#define ACK(v, e)  ack[(v) * RM + (e) - 1]     /* the greatest acknowledged; 0 where no more than is committed */
#define CP(e)      cp[(e) - 1]                 /* the index of the Checkpoint of e, or 0 */
#define PRUNED(e)  pruned[(e) - 1]             /* what lies before it has been deleted from some document */
byte seen[N * RM], held[N * RM], ack[N * RM], cp[RM], pruned[RM], rootless;  /* rootless: who forgot the genesis */

/* ok: v holds (e,i) and everything before it, back to the genesis or a checkpoint. */
inline complete(v, e, i) {
  atE = e; atI = i;
  do
  :: atE == 0 -> ok = !HAS(rootless, v); break
  :: atE > 0 ->
    if
    :: !HAS(HELD(v, atE), atI - 1) -> ok = 0; break
    :: else ->
      if
      :: CP(atE) == atI -> ok = 1; break
      :: else ->
        if
        :: atI > 1 -> atI--
        :: else -> up = BASEE(atE); atI = BASEI(atE); atE = up
        fi
      fi
    fi
  od
}

/* headI: the greatest index of e that is complete at v, or 0. */
inline head_in(v, e) {
  headI = SEEN(v, e);
  do
  :: headI > 0 ->
    complete(v, e, headI);
    if
    :: ok -> break
    :: else -> headI--
    fi
  :: else -> break
  od
}

inline head(v) {
  headE = RM; headI = 0;
  do
  :: headE > 0 ->
    head_in(v, headE);
    if
    :: headI > 0 -> break
    :: else -> headE--
    fi
  :: else -> break
  od
}

inline count(e) {
  nth = LAST(e);
  do
  :: nth > CMT(e) ->
    said = (ACK(0, e) >= nth) | ((ACK(1, e) >= nth) << 1) | ((ACK(2, e) >= nth) << 2);
    if
    :: MAJ(said, V0) -> CMT(e) = nth; check_committed(e); drop_told(e); check_newcomer(); break
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

inline place(v, e) {
  SEEN(v, e) = LAST(e); HELD(v, e) = HELD(v, e) | (1 << (LAST(e) - 1)); ACK(v, e) = LAST(e);
  count(e)
}

inline grow(e) { LAST(e) = LAST(e) + 1; place((OWN(e) - 1), e) }

/* v acknowledges what it may, lowest term first. */
inline acknowledge(v) {
  headE = 1;
  do
  :: headE <= RM ->
    if
    :: SEEN(v, headE) > 0 && MAYACK(v, headE) ->
      head_in(v, headE);
      if
      :: headI > 0 ->
        promise[v] = (promise[v] > headE -> promise[v] : headE);
        if
        :: headI > CMT(headE) && headI > ACK(v, headE) -> ACK(v, headE) = headI; count(headE)
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

/* Somebody has deleted what stands at (e,i). */
#define BEFORE(e, i, ce, ci) ((e) < (ce) || ((e) == (ce) && (i) < (ci)))
#define DELETED1(e, i) (PRUNED(1) && BEFORE(e, i, 1, CP(1)))
#if RM == 1
#define DELETED(e, i) DELETED1(e, i)
#elif RM == 2
#define DELETED(e, i) (DELETED1(e, i) || (PRUNED(2) && BEFORE(e, i, 2, CP(2))))
#else
#define DELETED(e, i) (DELETED1(e, i) || (PRUNED(2) && BEFORE(e, i, 2, CP(2))) || (PRUNED(3) && BEFORE(e, i, 3, CP(3))))
#endif

/* From the documents alone, all deletions merged: is the greatest committed record complete, or is there a checkpoint
   after it? Otherwise it is lost for whoever does not have it yet. */
inline check_newcomer() {
#ifndef OBEY
  cur = RM;
  do
  :: cur > 0 && CMT(cur) == 0 -> cur--
  :: else -> break
  od;
  if
  :: cur > 0 ->
    atE = cur; atI = CMT(cur);
    do
    :: DELETED(atE, atI) -> ok = 0; break
    :: else ->
      if
      :: atE == 0 -> ok = 1; break
      :: else ->
        if
        :: CP(atE) == atI -> ok = 1; break
        :: else ->
          if
          :: atI > 1 -> atI--
          :: else -> up = BASEE(atE); atI = BASEI(atE); atE = up
          fi
        fi
      fi
    od;
    said = RM;
    do
    :: !ok && said > 0 ->
      if
      :: CP(said) > 0 && !DELETED(said, CP(said)) -> is_ancestor(cur, CMT(cur), said, CP(said))
      :: else
      fi;
      said--
    :: else -> break
    od;
    assert(ok)
  :: else
  fi
#else
  skip
#endif
}

/* ok: the checkpoint of e is committed, by its own term or by a later one that stands on it. */
inline checkpoint_committed(e) {
  cur = e; ok = 0;
  do
  :: !ok && cur <= RM ->
    if
    :: CMT(cur) > 0 -> is_ancestor(e, CP(e), cur, CMT(cur))
    :: else
    fi;
    cur++
  :: else -> break
  od
}

#define RECEIVE(v, e) :: d_step { (SEEN(v, e) < LAST(e) && FREE(v)) -> \
  SEEN(v, e) = SEEN(v, e) + 1; HELD(v, e) = HELD(v, e) | (1 << (SEEN(v, e) - 1)); acknowledge(v); skip }

#define RECEIVE_DELETED(v, e) :: d_step { (SEEN(v, e) < LAST(e) && FREE(v) && DELETED(e, SEEN(v, e) + 1)) -> \
  SEEN(v, e) = SEEN(v, e) + 1 }

#define CHECKPOINT(e) :: d_step { (LAST(e) > 0 && LAST(e) < SM && promise[OWN(e) - 1] == e && CP(e) == 0) -> \
  CP(e) = LAST(e) + 1; grow(e); skip }

#ifdef EARLYPRUNE                       /* N16: the leader does not wait, and may be deposed meanwhile */
#define MAYPRUNE(e) ok = 1
#else
#define MAYPRUNE(e) checkpoint_committed(e)
#endif
#define PRUNE(e) :: d_step { (CP(e) > 0 && !PRUNED(e)) -> \
  MAYPRUNE(e); \
  if \
  :: ok -> PRUNED(e) = 1; check_newcomer() \
  :: else \
  fi; skip }

/* v drops what lies before the checkpoint of e. */
inline drop_before(v, e) {
  rootless = rootless | (1 << v);
  HELD(v, e) = HELD(v, e) & (255 << (CP(e) - 1));
  cur = 1;
  do
  :: cur < e -> HELD(v, cur) = 0; cur++
  :: else -> break
  od
}
#ifdef EARLYFORGET                      /* a checkpoint that is durable, and not committed */
#define MAYFORGET(e) ok = 1
#else
#define MAYFORGET(e) checkpoint_committed(e)
#endif
#define FORGET(v, e) :: d_step { (CP(e) > 0 && HAS(HELD(v, e), CP(e) - 1) && FREE(v)) -> \
  MAYFORGET(e); \
  if \
  :: ok -> \
    head(v); nth = headE; said = headI; drop_before(v, e); head(v); assert(headE == nth && headI == said) \
  :: else \
  fi; skip }

#ifdef OBEY                             /* H8: an index that follows the deletions in the document */
#define FOLLOW(v, e) :: d_step { (PRUNED(e) && FREE(v)) -> drop_before(v, e); skip }
#else
#define FOLLOW(v, e)
#endif

#define ELECTION(e) WIN(e) ALL(CAMPAIGN, e) ALL(VOTE, e)
#define RECORDS(e) APPEND(e) CHECKPOINT(e) PRUNE(e) ALL(RECEIVE, e) ALL(RECEIVE_DELETED, e) ALL(FORGET, e) ALL(FOLLOW, e)
init {
  do
  ELECTION(1)
  RECORDS(1)
  ELECTION(2)
#if EM > 2
  RECORDS(2)
  ELECTION(3)
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
