package main

import "time"

// amount is how much is measured.
type amount struct {
	speeds    []string // of the line between card and reader
	runs      int      // of each reading; the median counts
	cards     []string // Citizen Cards
	chips     []travelWay
	documents []string // that are read as the desk reads them: everything, with every check
	paces     int      // PACE over and over
	passives  int      // passive authentications
	theirs    bool     // the passport that nobody here wrote, too

	starts   int           // of each program with windows; the median counts
	settling time.Duration // after the first picture, before a program counts as idle
	idle     time.Duration // of which the processor time is taken

	enrolments int // through the database only
	visits     int // through the registrar, with real evidence
	hashes     int // of a PIN, one after the other
}

// whole is what figures are printed from.
var whole = amount{
	speeds: []string{"250k", "full"}, runs: 5, cards: []string{"cc1-rsa2048", "cc1-rsa3072", "cc2024"},
	// They have photographs of 8 KB in JPEG, and the last of 13 KB in JPEG 2000. The chip of passport-bac knows no
	// extended lengths.
	chips: []travelWay{
		{"passport-bac", false},
		{"passport-bac-aa-rsa", true},
		{"passport-no-originality", false},
		{"passport-no-originality", true},
		{"passport-pace-gm", false},
		{"passport-pace-gm", true},
	},
	documents: []string{"passport-bac", "passport-pace-gm"}, paces: 20, passives: 40, theirs: true,
	starts: 3, settling: 3 * time.Second, idle: 10 * time.Second,
	enrolments: 400, visits: 48, hashes: 6,
}

// smallest is everything once, to see that it can be measured. Its figures say little.
var smallest = amount{
	speeds: []string{"full"}, runs: 1, cards: []string{"cc2024"},
	chips:     []travelWay{{"passport-bac", false}, {"passport-pace-gm", true}},
	documents: []string{"passport-pace-gm"}, paces: 1, passives: 1,
	starts: 1, settling: 100 * time.Millisecond, idle: 500 * time.Millisecond,
	enrolments: 8, visits: 2, hashes: 1,
}
