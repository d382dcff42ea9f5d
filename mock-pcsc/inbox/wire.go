package inbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fiorix/go-smpp/smpp/pdu"
)

// Command statuses that the centre answers with (SMPP 3.4 §5.1.3).
const (
	statusOK                 pdu.Status = 0x00
	statusInvalidMessage     pdu.Status = 0x01 // ESME_RINVMSGLEN
	statusInvalidLength      pdu.Status = 0x02 // ESME_RINVCMDLEN
	statusInvalidCommand     pdu.Status = 0x03 // ESME_RINVCMDID
	statusInvalidBind        pdu.Status = 0x04 // ESME_RINVBNDSTS
	statusAlreadyBound       pdu.Status = 0x05 // ESME_RALYBND
	statusInvalidDestination pdu.Status = 0x0B // ESME_RINVDSTADR
	statusInvalidPassword    pdu.Status = 0x0E // ESME_RINVPASWD
	statusInvalidSystemID    pdu.Status = 0x0F // ESME_RINVSYSID
	statusThrottled          pdu.Status = 0x58 // ESME_RTHROTTLED
)

// nack is a request that is answered with a generic_nack (SMPP 3.4 §4.3).
type nack struct {
	status   pdu.Status
	sequence uint32
	fatal    bool // where the next request begins is not known
}

func (n *nack) Error() string { return fmt.Sprintf("SMPP request not understood: %v", n.status) }

// readPDU reads one request or response. A *nack error means that something was read that has to be
// refused; any other error is the connection's.
//
// The frame is taken off the stream before it is decoded: the codec gives up in the middle of what
// it does not know, and the stream would be out of step.
func readPDU(r io.Reader) (pdu.Body, error) {
	header := make([]byte, pdu.HeaderLen)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(header)
	sequence := binary.BigEndian.Uint32(header[12:])
	if length < pdu.HeaderLen || length > pdu.MaxSize {
		return nil, &nack{statusInvalidLength, sequence, true}
	}
	frame := append(header, make([]byte, length-pdu.HeaderLen)...)
	if _, err := io.ReadFull(r, frame[pdu.HeaderLen:]); err != nil {
		return nil, err
	}
	id := pdu.ID(binary.BigEndian.Uint32(header[4:]))
	if !served(id) {
		return nil, &nack{statusInvalidCommand, sequence, false}
	}
	body, err := pdu.Decode(bytes.NewReader(frame))
	if err != nil {
		return nil, &nack{statusInvalidMessage, sequence, false}
	}
	return body, nil
}

// served holds for the requests that the centre answers and for all responses, which it ignores.
func served(id pdu.ID) bool {
	switch id {
	case pdu.BindReceiverID, pdu.BindTransmitterID, pdu.BindTransceiverID,
		pdu.SubmitSMID, pdu.EnquireLinkID, pdu.UnbindID,
		pdu.DeliverSMRespID, pdu.EnquireLinkRespID, pdu.UnbindRespID, pdu.GenericNACKID:
		return true
	default:
		return false
	}
}

// responses makes the response to each request.
var responses = map[pdu.ID]func() pdu.Body{
	pdu.BindReceiverID:    pdu.NewBindReceiverResp,
	pdu.BindTransmitterID: pdu.NewBindTransmitterResp,
	pdu.BindTransceiverID: pdu.NewBindTransceiverResp,
	pdu.SubmitSMID:        pdu.NewSubmitSMResp,
	pdu.EnquireLinkID:     pdu.NewEnquireLinkResp,
	pdu.UnbindID:          pdu.NewUnbindResp,
}

// respond makes the response to a request, with its sequence number.
func respond(request pdu.Body, status pdu.Status) pdu.Body {
	response := responses[request.Header().ID]()
	response.Header().Status, response.Header().Seq = status, request.Header().Seq
	return response
}
