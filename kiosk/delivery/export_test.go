package delivery

import (
	"bytes"
	"time"

	"github.com/linxGnu/gosmpp/pdu"
)

// For the external tests: what meets outside bytes, and what only the wire shows.

// ShortMessages is shortMessages; gsm tells the alphabet.
func ShortMessages(text string) (parts [][]byte, gsm bool, err error) {
	parts, alphabet, err := shortMessages(text)
	return parts, err == nil && alphabet.DataCoding() == 0, err
}

// ParseDeliverSM parses a PDU from the wire and the receipt in it.
func ParseDeliverSM(octets []byte) (Receipt, bool) {
	p, err := pdu.Parse(bytes.NewReader(octets))
	if err != nil {
		return Receipt{}, false
	}
	d, ok := p.(*pdu.DeliverSM)
	if !ok {
		return Receipt{}, false
	}
	return parseReceipt(d, &messageIDs{})
}

// Validity is validity.
func Validity(expires, now time.Time) string { return validity(expires, now) }

// ASCIIAddress is asciiAddress.
func ASCIIAddress(address string) (string, error) { return asciiAddress(address) }

// ParseReceiptText is parseReceiptText.
func ParseReceiptText(text string) (id, status string, failure int) { return parseReceiptText(text) }

// SuppliedFiles are the texts that come with the program.
var SuppliedFiles = suppliedFiles

// Longest is longest.
func Longest(occasion, channel string) Data { return longest(occasion, channel) }

// Pace is pace, with a clock.
type Pace struct{ *pace }

// NewPace is newPace.
func NewPace(window, perSecond int) Pace { return Pace{newPace(window, perSecond)} }

// Reserve, SlowerAt and Faster are those of pace; Gap is the time between two.
func (p Pace) Reserve(now time.Time) (time.Duration, bool) { return p.reserve(now) }
func (p Pace) SlowerAt(now time.Time)                      { p.slowerAt(now) }
func (p Pace) Faster()                                     { p.faster() }
func (p Pace) Gap() time.Duration                          { return p.gap }
