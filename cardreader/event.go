package cardreader

// Kind is what an Event tells.
type Kind string

// Kinds of events. After ServiceUp comes either NoReader or a ReaderAdded for each reader, then a
// CardInserted or CardUnresponsive for each card that is there already. Before a ServiceDown the removal of
// every card and reader is reported, so that a count of events never includes a reader that is
// gone.
const (
	ServiceUp        Kind = "service_up"
	ServiceDown      Kind = "service_down"      // Event.Cause says why
	NoReader         Kind = "no_reader"         // the service runs but has no reader, or no more
	ReaderAdded      Kind = "reader_added"      // Event.Reader
	ReaderRemoved    Kind = "reader_removed"    // Event.Reader
	CardInserted     Kind = "card_inserted"     // Event.Reader, Event.ATR
	CardRemoved      Kind = "card_removed"      // Event.Reader
	CardUnresponsive Kind = "card_unresponsive" // Event.Reader: a card is in but does not power up
	ReadersAside     Kind = "readers_aside"     // Event.Aside: all that are left aside now, when that changes
)

// Cause says why the smart-card service cannot be reached.
type Cause string

// Causes of ServiceDown. A service that does not react is noticed within a few seconds.
const (
	ServiceMissing Cause = "missing"        // pcscd is not installed
	ServiceStopped Cause = "stopped"        // it is installed but does not run
	ServiceStuck   Cause = "stuck"          // it runs but does not react
	NotAuthorised  Cause = "not_authorised" // it runs but does not let this user in (polkit)
)

// awaitsReader is the cause that is none: the service is started when a reader is plugged in, as Windows does. It is
// reported as a service without readers.
const awaitsReader Cause = "awaits_reader"

// Reader is a reader as PC/SC names it. Number counts from 1 in the order of appearance; a reader that
// comes back, also after a restart of the service, has the number that it had.
type Reader struct {
	Number int    // from 1
	Name   string // UTF-8, with the driver's numbers at its end: "Virtual PCD 00 00"
}

// Event is a change at the readers. Fields that its Kind does not mention are zero.
type Event struct {
	Kind   Kind
	Cause  Cause  // of ServiceDown
	Reader Reader // that came or went, or whose card did
	ATR    []byte // answer to reset; identifies at most the kind of chip, never the document
	Aside  []LeftAside
}

// LeftAside is something that PC/SC lists as a reader, and why it is none.
type LeftAside struct {
	Name string // as of a Reader
	Why  Aside
}
