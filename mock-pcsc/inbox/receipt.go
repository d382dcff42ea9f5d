package inbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
)

// receiptWanted is the SMSC delivery receipt part of registered_delivery (SMPP 3.4 §5.2.17).
type receiptWanted byte

const (
	receiptAlways    receiptWanted = 1
	receiptOnFailure receiptWanted = 2
)

// Message states (SMPP 3.4 §5.2.28) and their words in a receipt (Appendix B).
const (
	stateDelivered     = 2
	stateUndeliverable = 5
)

// receipt says what became of a submitted message.
type receipt struct {
	id                  string
	source, destination string // of the submitted message
	submitted, done     time.Time
	text                string
	delivered           bool
}

func (r receipt) wanted(w receiptWanted) bool {
	return w == receiptAlways || w == receiptOnFailure && !r.delivered
}

// deliverSM is the receipt as SMPP 3.4 Appendix B has it, with the optional parameters that say the
// same so that it can be read without parsing text.
func (r receipt) deliverSM() pdu.Body {
	state, word, delivered, code := byte(stateDelivered), "DELIVRD", 1, 0
	if !r.delivered {
		state, word, delivered, code = stateUndeliverable, "UNDELIV", 0, 1
	}
	const stamp = "0601021504"
	text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:%03d text:%s",
		r.id, delivered, r.submitted.Format(stamp), r.done.Format(stamp), word, code, excerpt(r.text))

	// The codec's own deliver_sm writes an empty user data header that does not count in sm_length. A
	// submit_sm has the same fields in the same order (SMPP 3.4 §4.4.1, §4.6.1).
	p := pdu.NewSubmitSM(nil)
	p.Header().ID = pdu.DeliverSMID
	fields := p.Fields()
	// The receipt comes from where the message went.
	fields[pdufield.SourceAddr] = pdufield.New(pdufield.SourceAddr, []byte(r.destination))
	fields[pdufield.DestinationAddr] = pdufield.New(pdufield.DestinationAddr, []byte(r.source))
	// SMPP 3.4 §5.2.12: SMSC delivery receipt.
	fields[pdufield.ESMClass] = pdufield.New(pdufield.ESMClass, []byte{0x04})
	fields[pdufield.SMLength] = pdufield.New(pdufield.SMLength, []byte{byte(len(text))})
	fields[pdufield.ShortMessage] = pdufield.New(pdufield.ShortMessage, []byte(text))
	// The same as optional parameters, for who does not parse text.
	options := p.TLVFields()
	options[pdutlv.TagReceiptedMessageID] = pdutlv.NewTLV(pdutlv.TagReceiptedMessageID, append([]byte(r.id), 0))
	options[pdutlv.TagMessageStateOption] = pdutlv.NewTLV(pdutlv.TagMessageStateOption, []byte{state})
	return p
}

// excerpt is the beginning of the message that real centres put into a receipt, in characters that
// are the same in every coding.
func excerpt(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > 'z' || strings.ContainsRune("$@[\\]^_`", r) {
			return '.'
		}
		return r
	}, text)
	return text[:min(20, len(text))]
}
