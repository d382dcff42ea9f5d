package pn532

// For tests.
var (
	ReadCommand  = readCommand
	ErrFrame     = errFrame
	Acknowledged = acknowledged
	SyntaxError  = syntaxError
)

// CommandFrame is a frame as a host sends it.
func CommandFrame(data []byte) []byte { return appendFrame(nil, fromHost, data) }

// AnswerFrame is a frame as a module sends it.
func AnswerFrame(data []byte) []byte { return appendFrame(nil, fromModule, data) }
