package delivery

import (
	"regexp"
	"strings"

	"github.com/linxGnu/gosmpp/pdu"

	"balcao/kiosk"
)

// mailNumbers are the numbers of a relay's reply at the end of a code: see reply.String.
var mailNumbers = regexp.MustCompile(`_(\d{3})(?:_[45]\.(\d+)\.(\d+))?$`)

// Reason says what the error of a Send means for who waits for the message; "" without one.
func Reason(err error) kiosk.FailReason {
	if err == nil {
		return ""
	}
	code := Code(err)
	switch {
	case code == "sms_address":
		return kiosk.FailUnknownNumber
	case code == "mail_address":
		return kiosk.FailMailboxUnknown
	case strings.HasPrefix(code, "sms_refused_"), strings.HasPrefix(code, "mail_refused_"):
		return kiosk.FailRefused
	case code == "sms_text", code == "mail_text", code == "mail_sender":
		return kiosk.FailOther
	}
	if m := mailNumbers.FindStringSubmatch(code); m != nil {
		return mailReason(m[1], m[2], m[3], strings.HasPrefix(code, "mail_address_"))
	}
	return kiosk.FailUnavailable
}

// mailReason reads a relay's numbers (RFC 5321 §4.2.3, RFC 3463 §3). blamed: it is the recipient that was refused.
func mailReason(code, subject, detail string, blamed bool) kiosk.FailReason {
	switch {
	case subject == "1" && (detail == "2" || detail == "10"), code == "556": // RFC 7505 §5, RFC 7504 §4
		return kiosk.FailDomainUnknown
	case subject == "2" && detail == "2", subject == "" && (code == "552" || code == "452"):
		return kiosk.FailMailboxFull
	case subject == "7":
		return kiosk.FailSpam
	case blamed:
		return kiosk.FailMailboxUnknown
	case code >= "500":
		return kiosk.FailRefused
	}
	return kiosk.FailUnavailable
}

// mapErrors are the errors of 3GPP TS 29.002 §17.6.6 by which a network says why it delivers no short message.
var mapErrors = map[int]kiosk.FailReason{
	1:  kiosk.FailUnknownNumber, // unknownSubscriber
	5:  kiosk.FailUnknownNumber, // unidentifiedSubscriber
	6:  kiosk.FailSwitchedOff,   // absentSubscriberSM
	9:  kiosk.FailBarred,        // illegalSubscriber
	11: kiosk.FailBarred,        // teleserviceNotProvisioned
	12: kiosk.FailBarred,        // illegalEquipment
	13: kiosk.FailBarred,        // callBarred
	27: kiosk.FailSwitchedOff,   // absentSubscriber
}

// receiptReason says why a message will not arrive: what the network says where it says it in the form of GSM
// (network_error_code, SMPP 3.4 §5.3.2.31), otherwise what the state says. The text's "err:" is each centre's own
// (appendix B) and believed only where it names one of the network's errors and the state leaves it open.
func receiptReason(status string, err int, p *pdu.DeliverSM) kiosk.FailReason {
	const gsm = 3
	if field, ok := p.OptionalParameters[pdu.TagNetworkErrorCode]; ok && len(field.Data) == 3 && field.Data[0] == gsm {
		if reason, ok := mapErrors[int(field.Data[1])<<8|int(field.Data[2])]; ok {
			return reason
		}
	}
	switch status {
	case "EXPIRED":
		return kiosk.FailSwitchedOff
	case "REJECTD", "DELETED":
		return kiosk.FailRefused
	}
	if reason, ok := mapErrors[err]; ok {
		return reason
	}
	return kiosk.FailOther
}
