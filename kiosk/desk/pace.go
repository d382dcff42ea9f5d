package desk

import "time"

// Pace is how long the desk waits, of real time.
type Pace struct {
	// FirstRetry is between the first two tries to reach the centre; each next wait is twice as long, up to LastRetry.
	FirstRetry, LastRetry time.Duration
	// Overdue is when the desk asks for a decision that nobody announced: a notice sent while the line
	// was down is lost.
	Overdue time.Duration
	// Abandon is how long to try to tell the centre, and Farewell how long when the desk shuts. The
	// centre forgets by itself in the end.
	Abandon, Farewell time.Duration
	// ChipChallenge is how long a chip on the reader waits for the centre's challenge, which was ordered minutes before.
	ChipChallenge time.Duration
	// Rules is how long a signature waits for the centre to say whether its rules are still the same.
	Rules time.Duration
	// Look is how long the list of what a day needs waits for whoever does not answer.
	Look time.Duration
}

// UsualPace is a desk's at which people stand.
var UsualPace = Pace{
	FirstRetry: 500 * time.Millisecond, LastRetry: 8 * time.Second, Overdue: 15 * time.Second,
	Abandon: 30 * time.Second, Farewell: 2 * time.Second, ChipChallenge: 10 * time.Second, Rules: 2 * time.Second, Look: 6 * time.Second,
}
