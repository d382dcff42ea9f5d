package emrtdtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1" // what keys are derived with
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"

	"github.com/aead/cmac"

	"balcao/mock-pcsc/emrtd"
)

// Messages is the terminal's side of secure messaging.
type Messages struct {
	block     cipher.Block // encryption
	mac       []byte
	tripleDES bool
	counter   *big.Int
}

// NewMessages derives keys from a shared secret. The counter begins with zeros.
func NewMessages(c emrtd.Cipher, secret []byte) *Messages {
	m := &Messages{tripleDES: c == emrtd.TripleDES, mac: derive(c, secret, 2), counter: new(big.Int)}
	m.block = block(c, derive(c, secret, 1))
	return m
}

// derive leaves parity bits of DES as they come: no cipher looks at them.
func derive(c emrtd.Cipher, secret []byte, counter byte) []byte {
	input := append(bytes.Clone(secret), 0, 0, 0, counter)
	if c == emrtd.AES192 || c == emrtd.AES256 {
		sum := sha256.Sum256(input)
		return sum[:map[emrtd.Cipher]int{emrtd.AES192: 24, emrtd.AES256: 32}[c]]
	}
	sum := sha1.Sum(input)
	return sum[:16]
}

func block(c emrtd.Cipher, key []byte) cipher.Block {
	var b cipher.Block
	var err error
	if c == emrtd.TripleDES {
		b, err = des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	} else {
		b, err = aes.NewCipher(key)
	}
	if err != nil {
		panic("emrtdtest: " + err.Error())
	}
	return b
}

// protect returns header and data field of the protected command.
func (m *Messages) protect(header [4]byte, data []byte, le int) ([4]byte, []byte) {
	header[0] |= 0x0c
	m.counter.Add(m.counter, big.NewInt(1))
	var field []byte
	if len(data) > 0 {
		padded := pad(data, m.block.BlockSize())
		cipher.NewCBCEncrypter(m.block, m.iv()).CryptBlocks(padded, padded)
		if header[1]&1 == 1 {
			field = wrap(0x85, padded)
		} else {
			field = wrap(0x87, append([]byte{1}, padded...))
		}
	}
	switch {
	case le > 256:
		field = append(field, 0x97, 2, byte(le>>8), byte(le))
	case le > 0:
		field = append(field, 0x97, 1, byte(le))
	}
	covered := append(pad(header[:], m.block.BlockSize()), field...)
	return header, append(field, wrap(0x8e, m.checksum(covered))...)
}

// unprotect verifies a response. Outer is the status word around it, 0 for 9000.
func (m *Messages) unprotect(response []byte, outer uint16) ([]byte, error) {
	m.counter.Add(m.counter, big.NewInt(1))
	var data []byte
	var status []byte
	rest := response
	for {
		tag, value, after, ok := next(rest)
		if !ok {
			return nil, errors.New("response that is not protected")
		}
		switch tag {
		case 0x87:
			data = bytes.Clone(value[1:])
		case 0x85:
			data = bytes.Clone(value)
		case 0x99:
			status = value
		case 0x8e:
			if !bytes.Equal(m.checksum(response[:len(response)-len(rest)]), value) || len(after) != 0 {
				return nil, errors.New("checksum of the response is wrong")
			}
			return m.finish(data, status, outer)
		}
		rest = after
	}
}

func (m *Messages) finish(data, status []byte, outer uint16) ([]byte, error) {
	if len(data) > 0 {
		cipher.NewCBCDecrypter(m.block, m.iv()).CryptBlocks(data, data)
		data = data[:bytes.LastIndexByte(data, 0x80)]
	}
	if len(status) != 2 {
		return nil, errors.New("response without a protected status")
	}
	sw := binary.BigEndian.Uint16(status)
	if outer != 0 && outer != sw {
		return nil, errors.New("status words contradict each other")
	}
	if sw != 0x9000 {
		return data, StatusError(sw)
	}
	return data, nil
}

func (m *Messages) iv() []byte {
	iv := make([]byte, m.block.BlockSize())
	if !m.tripleDES {
		m.block.Encrypt(iv, m.counter.FillBytes(make([]byte, 16)))
	}
	return iv
}

func (m *Messages) checksum(message []byte) []byte {
	message = append(m.counter.FillBytes(make([]byte, m.block.BlockSize())), message...)
	return checksum(m.tripleDES, m.mac, pad(message, m.block.BlockSize()))
}

// checksum is over whole blocks with DES, and over anything with AES.
func checksum(tripleDES bool, key, message []byte) []byte {
	if !tripleDES {
		b, err := aes.NewCipher(key)
		if err != nil {
			panic("emrtdtest: " + err.Error())
		}
		sum, err := cmac.Sum(message, b, aes.BlockSize)
		if err != nil {
			panic("emrtdtest: " + err.Error())
		}
		return sum[:8]
	}
	// Retail MAC: single DES in CBC, the last block once more through the second key and the first.
	first, err := des.NewCipher(key[:8])
	if err != nil {
		panic("emrtdtest: " + err.Error())
	}
	chained := make([]byte, len(message))
	cipher.NewCBCEncrypter(first, make([]byte, 8)).CryptBlocks(chained, message)
	last := chained[len(chained)-8:]
	second, err := des.NewCipher(key[8:])
	if err != nil {
		panic("emrtdtest: " + err.Error())
	}
	second.Decrypt(last, last)
	first.Encrypt(last, last)
	return last
}

func pad(data []byte, size int) []byte {
	out := append(bytes.Clone(data), 0x80)
	for len(out)%size != 0 {
		out = append(out, 0)
	}
	return out
}
