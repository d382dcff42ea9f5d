package measure

import "context"

// For tests.
var (
	ParseDebug    = parseDebug
	ParseEnv      = parseEnv
	ParseUsage    = parseUsage
	ParseState    = parseState
	FileSizes     = fileSizes
	Reads         = reads
	Median        = median
	Verdict       = verdict
	LineAlone     = lineAlone
	BitsPerSecond = bitsPerSecond
	StartProgram  = startProgram
)

type (
	Table   = table
	Counted = counted
	Usage   = usage
	Program = program
)

func (c *counted) Traffic() Traffic { return c.traffic }

func (t Traffic) Wire() int { return t.wire() }

func (u usage) Values() (seconds, rssMiB float64) { return u.seconds, u.rssMiB }

func (r Report) Text() string { return r.text() }

func (p *program) Await(ctx context.Context, what string, match func(string) bool) (string, error) {
	l, err := p.await(ctx, what, 0, match)
	return l.text, err
}

func (p *program) Stop() { p.stop() }

// NewChipReport is a chip that was opened with BAC, or with PACE.
func NewChipReport(c ChipReport, pace bool) ChipReport {
	c.access = leastBAC
	if pace {
		c.access = leastPACE
	}
	return c
}

func (c ChipReport) LeastReads() int { return c.leastReads() }

func (c ChipReport) Least() int { return c.least() }

func (r TravelReport) Text() string { return r.text() }

// The MRZ of the passport that nobody here wrote, and where its parts are.
var (
	InteropZone   = interopZone
	InteropFolder = interopFolder
)

func (r *Report) Try(part string, measure func() error) { r.try(part, measure) }
