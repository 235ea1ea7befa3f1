/*
 * scenarios/worlds/timely-sharers.yaml, written down a second time for SPIN: what a disk (wired) and a card (sampled) on one level
 * pin, the I/OAPIC, the local APIC, the handler and the queue of effects do. Nothing of it is generated. Each transition of the world
 * is one d_step, so SPIN stores the states between transitions and no others.
 *
 *   spin -a timely-sharers.pml && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m100000
 *
 * With -DLAST_WRITER_WINS or -DRESAMPLE_FIRST_MATCH given to spin, it is the historic design of that name.
 */

#define DISK 0
#define CARD 1
#define SOURCES 2
#define DISK_STEPS 3
#define CARD_STEPS 4

/* What stands in the queue; the source is added. Up to EFFECTS these are effects, the others report what has happened. */
#define DELIVER 1
#define WAKE 2
#define BROADCAST 3
#define ACK 4
#define EFFECTS 6
#define RAISED 10
#define LOWERED 12
#define WITHDRAWN 14
#define WANTED 16
#define LINE_UP 20
#define LINE_DOWN 21
#define PIN_UP 22
#define PIN_DOWN 23
#define COALESCED 24
#define PENDING 25
#define ACCEPTED 26
#define ANSWERED 27
#define REMOTE_IRR_SET 28
#define REMOTE_IRR_CLEARED 29
#define PIN_ACKED 30
#define TAKEN 31
#define ACCESS 32
#define ENDED 33

chan queue = [24] of { byte };
/* The effect whose call is in flight; 0 for none. */
byte call;
/* Whether something left the queue since the machine last came to rest. */
bit stirred;

/* The scenario: its own step in four parts, the actors, and the expectation at the end. */
byte begun;
byte done[SOURCES];
bit ended;

bit wants[SOURCES];
bit asserted[SOURCES];
bit pin;
bit inFlight;
bit remoteIrr;
/* EOIs in a row that found the line asserted. */
byte storm;

bit irr;
bit isr;
bit tmr;
/* Inside the handler, and which of its steps is next. */
bit handling;
byte step;
/* How many events leave the queue before the CPU's last access returns. */
byte wait;

#ifdef RESAMPLE_FIRST_MATCH
bit heard;
#endif

hidden byte front;
hidden byte fell;

#define LINE (asserted[DISK] || asserted[CARD])
#define WAITING (len(queue) + (call != 0))
#define IS_QUEUED (call != 0 || len(queue) > 0)
#define WOULD_TAKE (!handling && irr)
#define IS_IDLE (!IS_QUEUED && !stirred && !handling && !irr)

/* A level pin sends if it is asserted, and neither waits for an answer nor for an EOI. */
inline evaluate() {
	if
	:: pin && !inFlight && !remoteIrr -> inFlight = 1; queue!DELIVER
	:: else
	fi
}

inline drive(level) {
	if
	:: pin == level
	:: else ->
		pin = level;
		if
		:: level ->
			queue!PIN_UP;
			if
			:: remoteIrr -> queue!COALESCED
			:: else -> evaluate()
			fi
		:: else -> queue!PIN_DOWN; storm = 0
		fi
	fi
}

inline assertSource(source) {
	if
	:: asserted[source]
	:: else ->
		queue!(RAISED + source);
		if
		:: LINE -> asserted[source] = 1
		:: else -> asserted[source] = 1; queue!LINE_UP; drive(1)
		fi
	fi
}

inline raise(source) {
	if
	:: !wants[source] && asserted[source] -> queue!(WANTED + source)
	:: else
	fi;
	wants[source] = 1;
	assertSource(source)
}

/* The disk's fall is seen. */
inline withdrawDisk() {
	wants[DISK] = 0;
	if
	:: asserted[DISK] ->
		asserted[DISK] = 0;
		queue!(LOWERED + DISK);
		if
		:: LINE
		:: else -> queue!LINE_DOWN; drive(0)
		fi
	:: else
	fi
}

/* That the card wants nothing any more is known to nobody. */
inline withdrawCard() {
	wants[CARD] = 0;
	queue!(WITHDRAWN + CARD)
}

inline carriedOut() {
	if
	:: WAITING == 0 -> wait = 0
	:: wait > 0 && WAITING > 0 -> wait--
	:: else
	fi
}

/* Reports at the front of the queue are told at once. */
inline tell() {
	do
	:: call == 0 && len(queue) > 0 ->
		queue?<front>;
		if
		:: front >= EFFECTS ->
			queue?front;
			stirred = 1;
			carriedOut();
#ifdef LAST_WRITER_WINS
			if
			:: front == RAISED + DISK || front == RAISED + CARD -> drive(1)
			:: front == LOWERED + DISK || front == LOWERED + CARD -> drive(0)
			:: else
			fi
#endif
		:: else -> break
		fi
	:: else -> break
	od
}

/* Remote IRR is cleared; the sampled source is lowered, and both hear the acknowledge; then the pin is served again. */
inline endOfInterrupt() {
	assert(remoteIrr);
	remoteIrr = 0;
	queue!REMOTE_IRR_CLEARED;
	queue!PIN_ACKED;
	queue!(ACK + DISK);
	fell = 0;
	if
	:: asserted[CARD] ->
		asserted[CARD] = 0;
		fell = !LINE;
		queue!(LOWERED + CARD)
	:: else
	fi;
	queue!(ACK + CARD);
	if
	:: fell -> queue!LINE_DOWN; drive(0)
	:: else
	fi;
	if
	:: pin -> storm++
	:: else
	fi;
	evaluate()
}

inline carryOut() {
	queue?front;
	stirred = 1;
	if
	:: front == DELIVER ->
		assert(inFlight && !irr && !isr);
		irr = 1;
		tmr = 1;
		queue!PENDING;
		queue!WAKE;
		queue!ACCEPTED;
		queue!ANSWERED;
		inFlight = 0;
		remoteIrr = 1;
		queue!REMOTE_IRR_SET;
		carriedOut()
	:: front == BROADCAST -> endOfInterrupt(); carriedOut()
	:: front == WAKE -> call = WAKE
	:: front == ACK + DISK || front == ACK + CARD ->
#ifdef RESAMPLE_FIRST_MATCH
		if
		:: heard -> carriedOut()
		:: else -> heard = 1; call = front
		fi
#else
		call = front
#endif
	fi
}

/* A card that still wants service raises its line again. */
inline answer() {
	if
	:: call == ACK + CARD && wants[CARD] -> assertSource(CARD)
	:: else
	fi;
	call = 0;
	carriedOut()
}

inline handle() {
	if
	:: WOULD_TAKE ->
		irr = 0;
		isr = 1;
		queue!TAKEN;
		wait = WAITING;
		handling = 1
	:: handling && step == 0 -> step = 1; withdrawDisk()
	:: handling && step == 1 ->
		step = 2;
		queue!ACCESS;
		isr = 0;
		queue!ENDED;
		queue!BROADCAST;
		wait = WAITING
	:: handling && step == 2 -> step = 3; withdrawCard()
	:: handling && step == 3 -> handling = 0; step = 0
	fi
}

/* The laws, as far as a single state shows them. */
inline judge() {
	/* SharersIndependent: what has settled is the OR of the sources. */
	assert(IS_QUEUED || pin == LINE);
	/* AckReachesAllSharers: who still wants service has raised the line again. */
	assert(IS_QUEUED || (wants[DISK] == asserted[DISK] && (!wants[CARD] || asserted[CARD])));
	/* RemoteIrrMatches: from the acceptance to the EOI, which may still be on its way. */
	assert(IS_QUEUED || remoteIrr == (irr || isr));
	/* SPIN leaves out of a state what nothing reads. */
	assert((tmr || !irr && !isr) && (storm == 0 || pin));
	/* LevelRedelivered: nobody waits at a machine that does nothing. */
	assert(!IS_IDLE || begun < 4 || !LINE)
}

active proctype world() {
endOfWorld:
	do
	:: d_step { begun == 0 -> begun = 1 }
	:: d_step { begun == 1 -> begun = 2; stirred = 1 }
	:: d_step { begun == 2 -> begun = 3; stirred = 0 }
	:: d_step { begun == 3 -> begun = 4 }

	:: d_step { call == 0 && len(queue) > 0 -> carryOut(); tell(); judge() }
	:: d_step { call != 0 -> answer(); tell(); judge() }
	:: d_step { !IS_QUEUED && stirred && begun == 4 ->
			stirred = 0;
#ifdef RESAMPLE_FIRST_MATCH
			heard = 0;
#endif
			judge() }
	:: d_step { (IS_QUEUED || !stirred) && wait == 0 && (handling || WOULD_TAKE) -> handle(); tell(); judge() }
	:: d_step { (IS_QUEUED || !stirred) && begun == 4 && (done[DISK] == 0 || done[DISK] == 2) -> raise(DISK); done[DISK]++; tell(); judge() }
	:: d_step { (IS_QUEUED || !stirred) && begun == 4 && done[DISK] == 1 -> withdrawDisk(); done[DISK]++; tell(); judge() }
	:: d_step { (IS_QUEUED || !stirred) && begun == 4 && done[CARD] < CARD_STEPS -> raise(CARD); done[CARD]++; tell(); judge() }
	:: d_step { IS_IDLE && done[DISK] == DISK_STEPS && done[CARD] == CARD_STEPS && !ended -> assert(!LINE); ended = 1 }
	/* A CPU that waits for an access that nothing is left to answer: a deadlock. */
	:: d_step { !IS_QUEUED && wait > 0 -> assert(false) }
	od
}
