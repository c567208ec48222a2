/* What both models share: promises, candidacies, won terms, and the check that nothing committed is bypassed (I4).
   Included by membership.pml and checkpoint.pml, which say what a machine holds: `head`, `grow`, CONF, and PLACE.

   A record is (term, index in its term); index 1 is the TermStart, whose parent is the base its leader campaigned on;
   the parent of (e,i) is (e,i-1); (0,0) is the genesis, which everybody holds.

   A vote or an acknowledgement is counted when it is given: it stays true, so a loss, a delay, a doubling or another
   order only means that a leader learns of it later or never, and one that learns it at once can do all that such a
   leader can. A crash is a machine that does nothing for ever; what is in the state is what is on its disk.

   Left out because it can add no behaviour that breaks I4 (docs/GUARANTEES.md, "The model"):
     - candidacies that come to nothing, votes for a term that is won, votes that do not count: each only raises promises,
       and a machine that promised less may do all that one that promised more may do;
     - records of the last term EM: they could only be bypassed by a later one.                                        */
#ifdef PLAIN                            /* nothing left out: slow, to compare with */
#define RM EM
#else
#define RM (EM - 1)                     /* the terms whose records are modelled: 1..RM */
#endif
#define OWN(e)   own[(e) - 1]           /* who campaigns in e, or leads it: machine + 1 */
#define VOTES(e) votes[(e) - 1]         /* bit set of the votes of a candidacy that is not won yet */
#define BASEE(e) basee[(e) - 1]         /* the head that the candidate of e stands on: term */
#define BASEI(e) basei[(e) - 1]         /*                                         and index */
#define LAST(e)  last[(e) - 1]          /* how many records e has; 0 until it is won */
#define CMT(e)   cmt[(e) - 1]           /* how many of them a majority acknowledged */
byte promise[N], own[EM], votes[EM], basee[EM], basei[EM], last[EM], cmt[EM];
#ifdef RIVALS
byte own2, votes2, basee2, basei2, won2;  /* a second candidate in the last term */
#endif
hidden byte ok, atE, atI, up, nth, cur, headE, headI, said;

#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1) + (((m) >> 3) & 1))
#define MAJ(m, voters) (2 * POP((m) & (voters)) > POP(voters))
#define HAS(set, v) (((set) >> (v)) & 1)

#if EM == 2
#define ANY_TERM(is) (is(1) || is(2))
#elif EM == 3
#define ANY_TERM(is) (is(1) || is(2) || is(3))
#elif EM == 4
#define ANY_TERM(is) (is(1) || is(2) || is(3) || is(4))
#endif

/* The naive variants of the voting rules. */
#ifdef LONGEST                          /* the longer path wins, and not the later term */
#define GEQ(ae, ai, de, di) (DEPTH(ae, ai) > DEPTH(de, di) || (DEPTH(ae, ai) == DEPTH(de, di) && (ae) >= (de)))
#else
#define GEQ(ae, ai, de, di) ((ae) > (de) || ((ae) == (de) && (ai) >= (di)))
#endif
#ifdef NOHEAD                           /* a vote for whoever asks, however little it has */
#define HEADOK(e, i) (1)
#else
#define HEADOK(e, i) GEQ(e, i, headE, headI)
#endif
#ifdef NOPROMISE                        /* an acknowledgement whatever was promised */
#define MAYACK(v, e) (1)
#else
#define MAYACK(v, e) (promise[v] <= (e))
#endif

/* A machine with a candidacy under way does nothing else until it is won: what it could do could come afterwards, and a
   candidacy that ends otherwise may be left out. NOSTEPDOWN is the fault that needs it in: votes for a candidate that has
   promised more since. */
#if defined(NOSTEPDOWN) || defined(PLAIN)
#define FREE(v) (1)
#else
#define PENDING0(e) (OWN(e) == 1 && LAST(e) == 0)
#define PENDING1(e) (OWN(e) == 2 && LAST(e) == 0)
#define PENDING2(e) (OWN(e) == 3 && LAST(e) == 0)
#define PENDING3(e) (OWN(e) == 4 && LAST(e) == 0)
#ifdef RIVALS
#define FREE(v) (!ANY_TERM(PENDING##v) && !(own2 == v + 1 && !won2))
#else
#define FREE(v) (!ANY_TERM(PENDING##v))
#endif
#endif

/* Machines that vote at first are alike: the first to campaign is machine 0. */
#define CAMPAIGNED(e) (OWN(e) != 0)
#define ALIKE(v) ((v) == 0 || ANY_TERM(CAMPAIGNED))

/* ok: (ae,ai) is (de,di) or an ancestor of it. */
inline is_ancestor(ae, ai, de, di) {
  atE = de; atI = di;
  do
  :: atE > ae -> up = BASEE(atE); atI = BASEI(atE); atE = up
  :: else -> ok = (atE == ae && atI >= ai); break
  od
}

/* I4 for a term that has just been won: it stands on everything that was committed before. */
inline check_won(e, be, bi) {
  cur = 1;
  do
  :: cur < e ->
    if
    :: CMT(cur) > 0 -> is_ancestor(cur, CMT(cur), be, bi); assert(ok)
    :: else
    fi;
    cur++
  :: else -> break
  od
}

/* I4 for what has just been committed: all later terms stand on it. */
inline check_committed(e) {
  cur = e + 1;
  do
  :: cur <= EM ->
    if
    :: LAST(cur) > 0 -> is_ancestor(e, CMT(e), BASEE(cur), BASEI(cur)); assert(ok)
    :: else
    fi;
    cur++
  :: else -> break
  od
}

inline win(e) {
  VOTES(e) = 0;
  check_won(e, BASEE(e), BASEI(e));
#ifdef RIVALS
  assert(e != EM || !won2);             /* I1 */
#endif
  LAST(e) = 1;
  if
  :: e <= RM -> PLACE(OWN(e) - 1, e)
  :: else
  fi
}

inline win_if_elected(e) {
#if defined(NOSTEPDOWN) || defined(PLAIN)
  skip
#else
  if
  :: MAJ(VOTES(e), CONF(BASEE(e), BASEI(e))) -> win(e)
  :: else
  fi
#endif
}

#define CAMPAIGN(v, e) :: d_step { (e > promise[v] && OWN(e) == 0 && ALIKE(v) && FREE(v)) -> \
  head(v); \
  if \
  :: headE < e && HAS(CONF(headE, headI), v) -> \
    promise[v] = e; OWN(e) = v + 1; BASEE(e) = headE; BASEI(e) = headI; VOTES(e) = 1 << v; win_if_elected(e) \
  :: else \
  fi }

#ifdef PLAIN
#define COUNTS(v, e) (1)
#else
#define COUNTS(v, e) (LAST(e) == 0 && HAS(CONF(BASEE(e), BASEI(e)), v) && !MAJ(VOTES(e), CONF(BASEE(e), BASEI(e))))
#endif
#define VOTE(v, e) :: d_step { (OWN(e) != 0 && e > promise[v] && FREE(v) && COUNTS(v, e)) -> \
  head(v); \
  if \
  :: HEADOK(BASEE(e), BASEI(e)) -> \
    promise[v] = e; VOTES(e) = (LAST(e) == 0 -> VOTES(e) | (1 << v) : 0); win_if_elected(e) \
  :: else \
  fi }

#define APPEND(e) :: d_step { (LAST(e) > 0 && LAST(e) < SM && promise[OWN(e) - 1] == e) -> grow(e); skip }

#if defined(NOSTEPDOWN) || defined(PLAIN)
#ifdef NOSTEPDOWN
#define STANDS(e) (1)
#else
#define STANDS(e) (promise[OWN(e) - 1] == e)
#endif
#define WIN(e) :: d_step { (OWN(e) != 0 && LAST(e) == 0 && STANDS(e) && MAJ(VOTES(e), CONF(BASEE(e), BASEI(e)))) -> win(e); skip }
#else
#define WIN(e)
#endif

#ifdef VOLATILE                         /* a promise that a crash forgets */
#define FORGET_PROMISE(v) :: d_step { promise[v] > 0 -> promise[v] = 0 }
#else
#define FORGET_PROMISE(v)
#endif

#ifdef RIVALS
#define CAMPAIGN2(v) :: d_step { (EM > promise[v] && OWN(EM) != 0 && own2 == 0 && FREE(v)) -> \
  head(v); \
  if \
  :: HAS(CONF(headE, headI), v) -> promise[v] = EM; own2 = v + 1; basee2 = headE; basei2 = headI; votes2 = 1 << v; \
    won2 = MAJ(votes2, CONF(basee2, basei2)); assert(!(won2 && LAST(EM))) \
  :: else \
  fi }
#define VOTE2(v) :: d_step { (EM > promise[v] && own2 != 0 && !won2 && FREE(v) && HAS(CONF(basee2, basei2), v)) -> \
  head(v); \
  if \
  :: HEADOK(basee2, basei2) -> promise[v] = EM; votes2 = votes2 | (1 << v); \
    won2 = MAJ(votes2, CONF(basee2, basei2)); assert(!(won2 && LAST(EM))) \
  :: else \
  fi }
#else
#define CAMPAIGN2(v)
#define VOTE2(v)
#endif

/* Each machine, each term. */
#if N == 3
#define ALL(act, e) act(0, e) act(1, e) act(2, e)
#define EACH(act) act(0) act(1) act(2)
#elif N == 4
#define ALL(act, e) act(0, e) act(1, e) act(2, e) act(3, e)
#define EACH(act) act(0) act(1) act(2) act(3)
#endif
