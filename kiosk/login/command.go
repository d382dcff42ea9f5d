package login

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// Commands are what the engine does for a visit; each comes back as a result.
type (
	command  interface{ command() }
	checkPIN struct {
		try  uuid.UUID
		by   kiosk.Identifier
		name string
		pin  []byte
	}
	sendCode struct {
		try, send uuid.UUID
		channel   kiosk.Channel
	}
	checkCode struct {
		try, attempt uuid.UUID
		code         []byte
		hashes       [][sha256.Size]byte
		channels     []kiosk.Channel // by which a code of this try may have come
	}
	readRows struct{} // of Visit.Signed
)

func (checkPIN) command()  {}
func (sendCode) command()  {}
func (checkCode) command() {}
func (readRows) command()  {}

// Results. What the database refuses is told by the words of kiosk/signin.
type (
	result     interface{ result() }
	pinChecked struct {
		right    bool
		channels []kiosk.Channel // that reach what is asked for
		hashes   [][sha256.Size]byte
	}
	codeSent    struct{ signin.Sent }
	codeChecked struct {
		refusal string
		tries   int
		signed  *Signed // nil: not believed
	}
	rowsRead struct {
		ok   bool // false: the session is over
		rows []Row
	}
	failed struct{} // nobody could
)

func (pinChecked) result()  {}
func (codeSent) result()    {}
func (codeChecked) result() {}
func (rowsRead) result()    {}
func (failed) result()      {}
