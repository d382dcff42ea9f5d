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
