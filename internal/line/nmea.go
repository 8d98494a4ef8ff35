package line

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/adrianmo/go-nmea"
)

// NMEA is the sentences of a GPS receiver, with their checksums. Each RMC sentence is a reading: lat, lon, speed (knots) and
// course (degree), with altitude (m), satellites and hdop of the GGA sentence of the same second. lat and lon are nil without a fix.
type NMEA struct {
	parser nmea.SentenceParser
	newest nmea.GGA
}

// Decode returns no reading for sentences other than RMC.
func (n *NMEA) Decode(text []byte) ([]Values, error) {
	sentence, err := parse(&n.parser, text)
	if err != nil {
		return nil, err
	}
	switch sentence := sentence.(type) {
	case nmea.GGA:
		n.newest = sentence
	case nmea.RMC:
		return []Values{n.reading(sentence)}, nil
	}
	return nil, nil
}

func (n *NMEA) reading(sentence nmea.RMC) Values {
	values := fix(sentence)
	if values["lat"] == nil {
		return values
	}
	values["speed"], values["course"] = sentence.Speed, sentence.Course
	if n.newest.Time == sentence.Time && n.newest.FixQuality != nmea.Invalid {
		values["altitude"], values["satellites"], values["hdop"] = n.newest.Altitude, n.newest.NumSatellites, n.newest.HDOP
	}
	return values
}

// Starts are none but those that every line has.
func (*NMEA) Starts([]byte) []Start { return nil }

// Delimited is true: the checksum tells.
func (*NMEA) Delimited() bool { return true }

func isSentence(text []byte) bool { return len(text) > 0 && text[0] == '$' }

// sentenceStarts are the dollar signs, which nothing else has.
func sentenceStarts(text []byte) []Start {
	var starts []Start
	for at := 1; at < len(text); at++ {
		if text[at] == '$' {
			starts = append(starts, Start{At: at})
		}
	}
	return starts
}

// position is the lat and lon of an RMC or GGA sentence, both nil if the GPS has no fix; nil for any other sentence.
func position(text []byte) (Values, error) {
	sentence, err := parse(&nmea.SentenceParser{}, text)
	if err != nil {
		return nil, err
	}
	return fix(sentence), nil
}

func fix(sentence nmea.Sentence) Values {
	switch sentence := sentence.(type) {
	case nmea.RMC:
		return latLon(sentence.Validity == nmea.ValidRMC, sentence.Fields[2:6], sentence.Latitude, sentence.Longitude)
	case nmea.GGA:
		return latLon(sentence.FixQuality != nmea.Invalid, sentence.Fields[1:5], sentence.Latitude, sentence.Longitude)
	}
	return nil
}

// latLon gives no position without a fix, nor for empty parts, which the library reads as 0.
func latLon(hasFix bool, parts []string, lat, lon float64) Values {
	for _, part := range parts {
		hasFix = hasFix && part != ""
	}
	if !hasFix {
		return Values{"lat": nil, "lon": nil}
	}
	return Values{"lat": roundDegrees(lat), "lon": roundDegrees(lon)}
}

// roundDegrees takes away what the division of minutes by 60 adds behind the seventh decimal, a centimetre.
func roundDegrees(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }

// parse checks the checksum first, which the library leaves to each sentence; unknown sentences are good ones.
func parse(parser *nmea.SentenceParser, text []byte) (nmea.Sentence, error) {
	if !isSentence(text) {
		return nil, errors.New(`an NMEA sentence starts with "$"`)
	}
	body, digits, found := cutChecksum(text[1:])
	if !found || len(digits) != xorDigits {
		return nil, fmt.Errorf(`%w: an NMEA sentence ends in "*HH"`, ErrChecksum)
	}
	if err := verify(body, digits); err != nil {
		return nil, err
	}
	sentence, err := parser.Parse(string(bytes.TrimRight(text, " \t")))
	if _, unsupported := errors.AsType[*nmea.NotSupportedError](err); unsupported {
		return nil, nil
	}
	return sentence, err
}
