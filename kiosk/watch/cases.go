package watch

import (
	"fmt"
	"time"
)

// Case is what one rule is for: a fraud that it alone notices, and something honest that looks like it and that no
// rule notices.
type Case struct {
	Rule           string
	Fraud, Honest  func(at time.Time) []Event
	Reason, Excuse string // what each is, in words
}

// times makes n events, each so long after the one before.
func times(n int, at time.Time, every time.Duration, make func(i int, at time.Time) Event) (all []Event) {
	for i := range n {
		all = append(all, make(i, at.Add(time.Duration(i)*every)))
	}
	return all
}

func join(parts ...[]Event) (all []Event) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// clerk is one of the honest crowd's, whose work a case adds to.
func clerk(i int) where { return where{deskName(i % 4), fmt.Sprintf("%04d", 100+i%5)} }

// codes are sent to one contact, from desk to desk.
func codes(what string, persons func(i int) int) func(int, time.Time) Event {
	return func(i int, at time.Time) Event {
		w := clerk(i)
		return Event{At: at, What: what, Desk: w.desk, Staff: w.staff, Contact: hidden("case phone"), Person: hidden("case person %d", persons(i)), Prefix: "351"}
	}
}

func same(int) int { return 0 }

// keyed is about one key.
func keyed(what, source string) func(int, time.Time) Event {
	return func(i int, at time.Time) Event {
		return Event{At: at, What: what, Key: 990001, Contact: hidden("case login"), Source: hidden("%s %d", source, i/4)}
	}
}

// at a desk, about one key.
func changed(what string, at time.Time) []Event {
	w := clerk(1)
	return []Event{{At: at, What: what, Desk: w.desk, Staff: w.staff, Key: 990001}}
}

// tried are identifiers from one source: of keys, or of nobody.
func tried(known func(i int) bool) func(int, time.Time) Event {
	return func(i int, at time.Time) Event {
		e := Event{At: at, What: "unknown_identifier", Contact: hidden("case identifier %d", i), Source: hidden("case network")}
		if known(i) {
			e.What, e.Key = "pin_right", int64(991000+i)
		}
		return e
	}
}

// byClerk is one member of staff's work, on keys of many; byAll everybody's.
func byClerk(what string) func(int, time.Time) Event {
	return func(i int, at time.Time) Event {
		return Event{At: at, What: what, Desk: clerk(2).desk, Staff: clerk(2).staff, Key: int64(992000 + i)}
	}
}

func byAll(what string) func(int, time.Time) Event {
	return func(i int, at time.Time) Event {
		return Event{At: at, What: what, Desk: deskName(i % 8), Staff: fmt.Sprintf("%04d", 100+i%2*10+i/2%5), Key: int64(992000 + i)}
	}
}

func opened(what string, at time.Time, w where, series string, document int) Event {
	return Event{At: at, What: what, Desk: w.desk, Staff: w.staff, Document: hidden("case document %s %d", series, document), Series: series}
}

// answered are codes to many, of which some are entered.
func answered(entered int, source []byte, w where) func(time.Time) []Event {
	return func(at time.Time) []Event {
		event := func(what string, late time.Duration) func(int, time.Time) Event {
			return func(i int, at time.Time) Event {
				return Event{At: at.Add(late), What: what, Desk: w.desk, Staff: w.staff, Source: source, Contact: hidden("case contact %d", i), Prefix: "351"}
			}
		}
		return join(times(40, at, 4*time.Minute, event("code_sent", 0)), times(entered, at, 4*time.Minute, event("code_confirmed", time.Minute)))
	}
}

// Cases are all rules'. Each begins at an hour of work on a weekday, and is added to an honest crowd of eight desks or more.
var Cases = []Case{
	{"codes_often", func(at time.Time) []Event { return times(6, at, time.Minute, codes("code_sent", same)) },
		func(at time.Time) []Event { return times(4, at, 40*time.Second, codes("code_sent", same)) },
		"six codes to one phone within minutes, from desk to desk", "messages are slow: one and three more"},
	{"codes_day", func(at time.Time) []Event { return times(12, at, time.Hour, codes("code_sent", same)) },
		func(at time.Time) []Event { return times(8, at, 30*time.Minute, codes("code_sent", same)) },
		"twelve codes to one phone in a day", "two visits on a day of poor network"},
	{"code_guesses", func(at time.Time) []Event {
		return join(times(3, at, time.Hour, codes("code_sent", same)), times(8, at.Add(time.Minute), 20*time.Minute, codes("code_wrong", same)))
	}, func(at time.Time) []Event {
		return join(times(2, at, time.Hour, codes("code_sent", same)), times(5, at.Add(time.Minute), 15*time.Minute, codes("code_wrong", same)),
			times(1, at.Add(2*time.Hour), 0, codes("code_confirmed", same)))
	}, "codes guessed over and over", "somebody whose sight is poor comes twice"},
	{"pin_guesses", func(at time.Time) []Event { return times(9, at, 10*time.Minute, keyed("pin_wrong", "thief")) },
		func(at time.Time) []Event {
			return join(times(6, at, 10*time.Minute, keyed("pin_wrong", "home")), times(1, at.Add(2*time.Hour), 0, keyed("signed_in", "home")))
		}, "a PIN guessed through three locks", "a PIN forgotten, and remembered"},
	{"source_burst", func(at time.Time) []Event {
		return times(25, at, 20*time.Second, tried(func(int) bool { return true }))
	},
		func(at time.Time) []Event { return times(25, at, 2*time.Minute, tried(func(int) bool { return true })) },
		"25 people's keys from one network within ten minutes", "a school's network, over an hour"},
	{"source_hour", func(at time.Time) []Event {
		return times(130, at, 34*time.Second, tried(func(int) bool { return true }))
	},
		func(at time.Time) []Event {
			return times(130, at, 2*time.Minute, tried(func(int) bool { return true }))
		},
		"130 people's keys from one network, slowly", "a company's network, over a morning"},
	{"enumeration", func(at time.Time) []Event {
		return times(60, at, 5*time.Minute, tried(func(i int) bool { return i%5 == 0 }))
	},
		func(at time.Time) []Event {
			return times(60, at, 5*time.Minute, tried(func(i int) bool { return i%5 > 0 }))
		},
		"who asks who has a key meets nobody, four times of five", "a library where one of five mistypes"},
	{"contact_persons", func(at time.Time) []Event {
		return times(4, at, 10*time.Hour, codes("code_sent", func(i int) int { return i }))
	},
		func(at time.Time) []Event {
			return times(4, at, 10*time.Hour, codes("code_sent", func(i int) int { return i % 2 }))
		},
		"one phone for four people in two days", "a couple with one phone, who argue and come back"},
	{"changed_then_high", func(at time.Time) []Event {
		return join(changed("changed_contact", at), times(1, at.Add(3*time.Hour), 0, keyed("signed_in_high", "thief")))
	}, func(at time.Time) []Event {
		return join(times(1, at, 0, keyed("signed_in_high", "home")), changed("changed_contact", at.Add(time.Hour)),
			changed("tried", at.Add(61*time.Minute)), times(1, at.Add(30*time.Hour), 0, keyed("signed_in_high", "home")))
	}, "a new phone, and a signature three hours later", "signed before, the key tried at the desk, and signed the day after the next"},
	{"takeover", func(at time.Time) []Event {
		return join(changed("changed_unblock", at), changed("changed_pin", at.Add(24*time.Hour)), changed("changed_contact", at.Add(72*time.Hour)))
	}, func(at time.Time) []Event {
		return join(changed("changed_unblock", at), changed("changed_pin", at.Add(time.Minute)), changed("changed_contact", at.Add(12*24*time.Hour)))
	}, "unblocked, a new PIN and a new phone within four days", "a forgotten PIN, and another phone two weeks later"},
	{"pumping", func(at time.Time) []Event {
		return times(80, at, 5*time.Minute, func(i int, at time.Time) Event {
			e := byAll("code_sent")(i, at)
			return Event{At: at, What: e.What, Desk: e.Desk, Staff: e.Staff, Contact: hidden("case contact %d", i), Prefix: "960"}
		})
	}, func(at time.Time) []Event {
		return times(80, at, 5*time.Minute, func(i int, at time.Time) Event {
			e := byAll("code_sent")(i, at)
			return Event{At: at, What: e.What, Desk: e.Desk, Staff: e.Staff, Contact: hidden("case contact %d", i), Prefix: "351"}
		})
	}, "eighty codes to a far country in a day", "eighty more to our own"},
	{"unanswered", answered(0, nil, clerk(2)), answered(20, nil, clerk(2)),
		"forty codes of one clerk that nobody enters", "half are entered: the network was down for hours"},
	{"source_unanswered", answered(2, hidden("case network"), where{}), answered(25, hidden("case network"), where{}),
		"forty codes asked for from one network, two entered", "an office where messages are slow"},
	{"peers_keys", func(at time.Time) []Event { return times(120, at, 4*time.Minute, byClerk("key_made")) },
		func(at time.Time) []Event { return times(300, at, time.Minute, byAll("key_made")) },
		"one clerk makes far more keys than the others", "a campaign: all make many"},
	{"peers_changes", func(at time.Time) []Event { return times(40, at, 8*time.Minute, byClerk("changed_pin")) },
		func(at time.Time) []Event { return times(200, at, 2*time.Minute, byAll("changed_pin")) },
		"one clerk changes far more PINs than the others", "everybody was asked for a new PIN"},
	{"peers_search", func(at time.Time) []Event { return times(40, at, 8*time.Minute, byClerk("search")) },
		func(at time.Time) []Event { return times(200, at, 2*time.Minute, byAll("search")) },
		"one clerk looks up people all day", "a day on which many call"},
	{"after_hours", func(at time.Time) []Event {
		return times(4, at.Add(12*time.Hour), 24*time.Hour, byClerk("opened_after_hours"))
	},
		func(at time.Time) []Event {
			return times(1, at.Add(12*time.Hour), 24*time.Hour, byClerk("opened_after_hours"))
		},
		"cases opened at night, four times", "one that took until late"},
	{"one_series", func(at time.Time) []Event {
		return times(8, at, 12*time.Hour, func(i int, at time.Time) Event { return opened("opened", at, clerk(2), "UTO X12345", i) })
	}, func(at time.Time) []Event {
		return times(40, at, 5*time.Minute, func(i int, at time.Time) Event { return opened("opened", at, clerk(i), "UTO X12345", i) })
	}, "two passports of one series a day, at one clerk", "a bus of students in one morning"},
	{"two_desks", func(at time.Time) []Event {
		return []Event{opened("opened", at, clerk(1), "", 1), opened("opened", at.Add(4*time.Minute), clerk(2), "", 1)}
	}, func(at time.Time) []Event {
		return []Event{opened("opened", at, clerk(1), "", 1), opened("ended", at.Add(3*time.Minute), clerk(1), "", 1), opened("opened", at.Add(4*time.Minute), clerk(2), "", 1)}
	}, "a document at a desk while another has it", "a reader fails, and the next desk goes on"},
}
