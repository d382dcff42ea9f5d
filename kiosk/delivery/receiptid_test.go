package delivery_test

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"balcao/kiosk/delivery"
)

// tlv is an optional parameter (SMPP 3.4 §5.3).
func tlv(tag uint16, value []byte) []byte {
	head := binary.BigEndian.AppendUint16(nil, tag)
	return append(binary.BigEndian.AppendUint16(head, uint16(len(value))), value...)
}

func receiptText(id string) string {
	return "id:" + id + " sub:001 dlvrd:001 submit date:2611301200 done date:2611301200 stat:DELIVRD err:000 text:"
}

// A receipt is matched to its message however the message centre spells it.
func TestSMS_ReceiptSpelling(t *testing.T) {
	inText := func(id string) rawPDU { return deliverSM(4, receiptText(id)) }
	inPayload := func(id string) rawPDU { return deliverSM(4, "", tlv(0x0424, []byte(receiptText(id)))...) }
	asOption := func(option, id string) rawPDU {
		return deliverSM(4, receiptText(id), tlv(0x001E, append([]byte(option), 0))...)
	}
	wide := func(id string) (all []byte) {
		for _, b := range []byte(receiptText(id)) {
			all = append(all, 0, b)
		}
		return all
	}
	for name, test := range map[string]struct {
		given   []string // by submit_sm_resp, one after the other
		told    rawPDU
		matches string
	}{
		"as given":                  {[]string{"id1"}, inText("id1"), "id1"},
		"payload":                   {[]string{"id1"}, inPayload("id1"), "id1"},
		"payload, NUL at its end":   {[]string{"id1"}, deliverSM(4, "", tlv(0x0424, []byte(receiptText("id1")+"\x00"))...), "id1"},
		"payload, UCS-2":            {[]string{"id1"}, deliverSM(4, "", tlv(0x0424, wide("id1"))...), "id1"},
		"hexadecimal, then decimal": {[]string{"1A2B3C4D"}, inText("439041101"), "1A2B3C4D"},
		"decimal, then hexadecimal": {[]string{"439041101"}, inText("1a2b3c4d"), "439041101"},
		"another case":              {[]string{"1A2B3C4D"}, inText("1a2b3c4d"), "1A2B3C4D"},
		"another case of no number": {[]string{"C8F1-zz"}, inText("c8f1-ZZ"), "C8F1-zz"},
		"padded":                    {[]string{"439041101"}, inText("0439041101"), "439041101"},
		"padded when given":         {[]string{"0000439041101"}, inText("439041101"), "0000439041101"},
		"padded and decimal":        {[]string{"001A2B3C4D"}, inPayload("0439041101"), "001A2B3C4D"},
		"digits that look decimal":  {[]string{"12345678"}, inText("305419896"), "12345678"},
		"option":                    {[]string{"1A2B3C4D"}, asOption("439041101", ""), "1A2B3C4D"},
		"option right, text not":    {[]string{"id1"}, asOption("id1", "77"), "id1"},
		"text right, option not":    {[]string{"1A2B3C4D"}, asOption("77", "1a2b3c4d"), "1A2B3C4D"},
		"of several":                {[]string{"1A2B3C4C", "1A2B3C4D", "1A2B3C4E"}, inText("439041101"), "1A2B3C4D"},
		"of another's message":      {[]string{"1A2B3C4D"}, inText("555"), "555"},
		"of either of two":          {[]string{"10", "22"}, inText("016"), "016"}, // 0x10 is 16, and 0x16 is 22
		"as given, like another":    {[]string{"16", "10"}, inText("16"), "16"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := receive(t, test.given, test.told); !slices.Equal(got, []string{test.matches}) {
				t.Errorf("got %q, want %q", got, test.matches)
			}
		})
	}
	t.Run("once known", func(t *testing.T) {
		// The first receipt leaves no doubt, so that the next is not the message of the same letters; and a message that
		// another registrar sent is named as it was.
		got := receive(t, []string{"00FF", "0016", "0010"}, inText("255"), inText("16"), inText("171"))
		if want := []string{"00FF", "0010", "00AB"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// receive sends as many messages as identifiers are given, and returns what the receipts speak of.
func receive(t *testing.T, given []string, told ...rawPDU) (ids []string) {
	t.Helper()
	c := newCentre(t)
	c.names = given
	got := make(chan string, len(told))
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, func(_ context.Context, r delivery.Receipt) error {
		got <- r.MessageID
		return nil
	})
	for range given {
		if _, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range told {
		c.deliver(p)
		if status := <-c.receipts; status != 0 {
			t.Errorf("acknowledged with %x", status)
		}
	}
	close(got)
	for id := range got {
		ids = append(ids, id)
	}
	return ids
}
