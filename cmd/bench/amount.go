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

	listeners  int           // desks that listen to the centre
	pairs      int           // enrolments through the door and by SQL in turn
	enrolments int           // through the door, without a registrar
	visits     int           // whole enrolments, with real evidence
	hashes     int           // of a PIN, one after the other on each core
	storm      time.Duration // of sign-ins
	leaves     int           // that the log has when it is audited
	changes    int           // that are logged, and as many that are not
	together   int           // desks that bind at once
	rounds     int           // in which they do, with the log and without

	watched int // days that are simulated for the rules of alerts

	attack  time.Duration // how long an attack goes on that does not end by itself
	people  int           // whom a stolen desk opens enrolments for
	numbers int           // to which it asks for codes
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
	listeners: 1000, pairs: 60, enrolments: 400, visits: 240, hashes: 60, storm: 20 * time.Second, leaves: 100_000, changes: 400,
	together: 50, rounds: 12, watched: 28, attack: 8 * time.Second, people: 2000, numbers: 1200,
}

// smallest is everything once, to see that it can be measured. Its figures say little.
var smallest = amount{
	speeds: []string{"full"}, runs: 1, cards: []string{"cc2024"},
	chips:     []travelWay{{"passport-bac", false}, {"passport-pace-gm", true}},
	documents: []string{"passport-pace-gm"}, paces: 1, passives: 1,
	starts: 1, settling: 100 * time.Millisecond, idle: 500 * time.Millisecond,
	listeners: 20, pairs: 2, enrolments: 8, visits: 8, hashes: 1, storm: time.Second, leaves: 2000, changes: 3,
	together: 4, rounds: 1, watched: 2, attack: 3 * time.Second, people: 150, numbers: 250,
}
