package main

import "fmt"

// The targets.
const (
	mostCode       = 2000 // ms until an honest desk's code has left
	mostWAL        = 64   // MiB of an attack
	mostDoorMemory = 256  // MiB of the process centre
)

// attackText is the part of the report about a stolen desk.
func attackText(attacks []Attack) string {
	t := table{{"", "tried", "passed", "limit", "", "codes", "median ms", "worst", "≤ 2 s", "WAL MiB", "≤ 64", "centre MiB", "≤ 256"}}
	var said string
	for _, a := range attacks {
		exact := "MISS"
		if a.Passed == a.Limit {
			exact = "PASS"
		}
		t.row(a.Name, num(a.Tried), num(a.Passed), num(a.Limit), exact, num(a.Codes), ms(a.Median), ms(a.Worst), verdict(a.Worst, mostCode),
			fmt.Sprintf("%.1f", a.WALMiB), verdict(a.WALMiB, mostWAL), fmt.Sprintf("%.0f", a.WorstRSS), verdict(a.WorstRSS, mostDoorMemory))
		if a.Said != "" {
			said += fmt.Sprintf("  %s: %s\n", a.Name, a.Said)
		}
	}
	return "Attacks with a stolen desk's certificate and key, a clerk's card and PIN, and the codes of an honest desk meanwhile\n" + t.String() +
		`  passed: of connections and streams, how many were held at the same time; of connections those with a body on its
  way. limit: what is left to the desk within the hour. codes: from the honest desk's call until its code has left.
` + said
}
