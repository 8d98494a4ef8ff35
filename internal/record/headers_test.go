package record

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSkipped(t *testing.T) {
	t.Parallel()
	for text, skipped := range map[string]Skipped{
		"":                             {},
		"parked=17":                    {Parked: []Range{{17, 17}}},
		"parked=17,19-21;dropped=3-40": {Parked: []Range{{17, 17}, {19, 21}}, Dropped: []Range{{3, 40}}},
		"dropped=1-2":                  {Dropped: []Range{{1, 2}}},
		"epoch=18eadc35f82ab769;parked=3;dropped=4-5;epoch=18eadc35f82ab770;dropped=1": {Earlier: []SkippedEarlier{
			{Epoch: "18eadc35f82ab769", Parked: []Range{{3, 3}}, Dropped: []Range{{4, 5}}},
			{Epoch: "18eadc35f82ab770", Dropped: []Range{{1, 1}}},
		}},
		"parked=17;epoch=18eadc35f82ab769;parked=3": {
			Parked: []Range{{17, 17}}, Earlier: []SkippedEarlier{{Epoch: "18eadc35f82ab769", Parked: []Range{{3, 3}}}},
		},
	} {
		require.Equal(t, text, skipped.String())
		parsed, err := ParseSkipped(text)
		require.NoError(t, err)
		require.Equal(t, skipped, parsed)
	}
	for text, want := range map[string]string{
		"lost=1":                         `"lost" is neither parked, dropped, nor epoch (got "lost=1")`,
		"parked=x":                       `"x" is not a number`,
		"parked=0":                       `"0" is not a number from 1 to 9007199254740991`,
		"dropped=1-18446744073709551615": `"1-18446744073709551615" is not a range`,
		"parked=3-1":                     `"3-1" is not a range`,
		"parked=":                        `"" is not a number`,
		"parked=1;;":                     `"" is not a number`,
		"parked=1-2-3":                   `"1-2-3" is not a range`,
		"epoch=1;parked=1":               `must be 16 lowercase hex digits (got "1")`,
	} {
		_, err := ParseSkipped(text)
		require.ErrorContains(t, err, want)
	}
}

func TestEpochAndSeq(t *testing.T) {
	t.Parallel()
	require.Equal(t, "18eadc35f82ab769", FormatEpoch(0x18eadc35f82ab769))
	require.Equal(t, "0000000000000001", FormatEpoch(1))
	epoch, err := ParseEpoch("18eadc35f82ab769")
	require.NoError(t, err)
	require.Equal(t, "18eadc35f82ab769", epoch)
	for _, bad := range []string{"", "18eadc35f82ab76", "18eadc35f82ab7690", "18EADC35F82AB769", "18eadc35f82ab76g"} {
		_, err := ParseEpoch(bad)
		require.ErrorContains(t, err, "header station-epoch must be 16 lowercase hex digits (got ")
	}
	seq, err := ParseSeq("9007199254740991")
	require.NoError(t, err)
	require.Equal(t, MaxSeq, seq)
	for _, bad := range []string{"", "0", "-1", "+1", "1.0", "9007199254740992", "18446744073709551616"} {
		_, err := ParseSeq(bad)
		require.ErrorContains(t, err, `header station-seq: "`+bad+`" is not a number from 1 to 9007199254740991`)
	}
}

func FuzzParseSkipped(f *testing.F) {
	f.Add("parked=17,19-21;dropped=3-40")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseSkipped(text)
		if err != nil {
			return
		}
		again, err := ParseSkipped(parsed.String())
		require.NoError(t, err)
		require.Equal(t, parsed, again)
	})
}
