package delivery

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"balcao/kiosk"
)

// Receipt is what a message centre says about a message that it took.
type Receipt struct {
	MessageID string           // as Send returned it
	Delivered bool             // false: it will never be delivered
	Reason    kiosk.FailReason // why it was not delivered
	// Reference is the message's (see Message.Key), 0 when the message centre does not repeat it; From the phone that the
	// message went to, E.164, "" when it is not said. They find a message whose identifier was lost.
	Reference uint16
	From      string
}

// LogValue keeps the phone out of logs.
func (r Receipt) LogValue() slog.Value { return slog.StringValue("[receipt]") }

// maxMessageID is the longest message_id of SMPP 3.4 §5.2.23, without the final NUL.
const maxMessageID = 64

// parseReceipt reads a final delivery receipt out of a deliver_sm. It reports false for anything
// else: messages from phones, intermediate notifications, states that are not final, nonsense.
//
// The id and the state are taken from the optional parameters (SMPP 3.4 §5.3.2.12 and .35) where the
// message centre sends them, otherwise from the text of appendix B, which is in short_message or in
// message_payload (§5.3.2.32). The message is the one that ids finds for either id.
func parseReceipt(p *pdu.DeliverSM, ids *messageIDs) (Receipt, bool) {
	const messageType = 0x3c // bits 5 to 2 of esm_class, §5.2.12
	if p.EsmClass&messageType != data.SM_SMSC_DLV_RCPT_TYPE {
		return Receipt{}, false
	}
	raw, err := p.Message.GetMessageData()
	if err != nil {
		return Receipt{}, false
	}
	if payload, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok && len(raw) == 0 {
		raw = payload.Data
	}
	// Without the zero bytes UCS-2 is the same text, and nothing ends in a NUL.
	id, status, failure := parseReceiptText(string(bytes.ReplaceAll(raw, []byte{0}, nil)))
	told := []string{id}
	if field, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		told = []string{field.String(), id}
	}
	if field, ok := p.OptionalParameters[pdu.TagMessageStateOption]; ok && len(field.Data) == 1 {
		status = stateText(int(field.Data[0]))
	}
	final, delivered := finalText(status)
	told = slices.DeleteFunc(told, func(id string) bool { return id == "" || len(id) > maxMessageID || !printable(id) })
	if !final || len(told) == 0 {
		return Receipt{}, false
	}
	r := Receipt{MessageID: ids.find(told...), Delivered: delivered}
	if !delivered {
		r.Reason = receiptReason(status, failure, p)
	}
	if field, ok := p.OptionalParameters[pdu.TagUserMessageReference]; ok && len(field.Data) == 2 {
		r.Reference = binary.BigEndian.Uint16(field.Data)
	}
	if from := strings.TrimPrefix(p.SourceAddr.Address(), "+"); len(from) > 6 && len(from) <= 15 && strings.Trim(from, "0123456789") == "" {
		r.From = "+" + from
	}
	return r, true
}

// parseReceiptText finds "id:" and "stat:" in the text of SMPP 3.4 appendix B:
// "id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:… done date:… stat:DDDDDDD err:E text:…".
// The fields after "text:" were written by us or by a person and are not looked at.
func parseReceiptText(text string) (id, status string, failure int) {
	for _, word := range strings.Fields(text) {
		name, value, found := strings.Cut(word, ":")
		if !found {
			continue
		}
		switch strings.ToLower(name) {
		case "id":
			if id == "" {
				id = value
			}
		case "stat":
			if status == "" {
				status = strings.ToUpper(value)
			}
		case "err":
			failure, _ = strconv.Atoi(value) // not a number: nothing that is known
		case "text":
			return id, status, failure
		}
	}
	return id, status, failure
}

// finalText says what a state in words means; ENROUTE, ACCEPTD and UNKNOWN are not final.
func finalText(status string) (final, delivered bool) {
	switch status {
	case "DELIVRD":
		return true, true
	case "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
		return true, false
	}
	return false, false
}

// stateText is a message_state (SMPP 3.4 §5.2.28) in words; "" for one that is not final.
func stateText(state int) string {
	switch state {
	case data.SM_STATE_DELIVERED:
		return "DELIVRD"
	case data.SM_STATE_EXPIRED:
		return "EXPIRED"
	case data.SM_STATE_DELETED:
		return "DELETED"
	case data.SM_STATE_UNDELIVERABLE:
		return "UNDELIV"
	case data.SM_STATE_REJECTED:
		return "REJECTD"
	}
	return ""
}

// printable reports whether s is visible ASCII: it is stored, compared and logged.
func printable(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return true
}
