using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tests.Tpm;

public class PcrReadTests
{
    [Fact]
    public void A_read_asks_for_what_the_specification_says() =>
        // 80 01, size 0x14, TPM_CC_PCR_Read, one selection: sha256, 3 bytes, PCR 0 and 23.
        Assert.Equal("8001000000140000017e00000001000b03010080", Convert.ToHexStringLower(PcrRead.WriteCommand(TpmAlgorithm.Sha256, 0x800001)));

    [Fact]
    public void All_registers_are_gathered_from_answers_of_eight()
    {
        FakeTpm tpm = new();
        PcrValues values = PcrRead.ReadAll(tpm.Transmit);

        Assert.Equal([TpmAlgorithm.Sha256], values.Banks);
        Assert.Equal(4, tpm.Commands);
        Assert.All(Enumerable.Range(0, 24), register => Assert.Equal((byte)register, values[TpmAlgorithm.Sha256, register].Bytes[0]));
    }

    [Fact]
    public void An_extend_between_two_answers_is_noticed() =>
        Assert.Throws<MalformedInputException>(() => PcrRead.ReadAll(new FakeTpm { CounterMoves = true }.Transmit));

    [Fact]
    public void A_tpm_that_answers_with_an_error_is_malformed_input() =>
        Assert.Equal(
            "tpm: the TPM answers 0x100 to GetCapability at offset 0x6",
            Assert.Throws<MalformedInputException>(() => PcrRead.ReadAll(_ => TpmResponse.WriteError(0x100))).Message);

    [Fact]
    public void Only_malformed_input_is_thrown_for_damaged_answers() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 400], Gen.Byte, Gen.Bool).Sample(
            (command, index, value, cut) =>
            {
                FakeTpm tpm = new();
                int seen = 0;
                try
                {
                    PcrRead.ReadAll(bytes =>
                    {
                        byte[] answer = tpm.Transmit(bytes).ToArray();
                        if (seen++ == command)
                        {
                            index %= answer.Length;
                            answer[index] ^= value;
                            return cut ? answer.AsMemory(0, index) : answer;
                        }

                        return answer;
                    });
                }
                catch (MalformedInputException)
                {
                }
            },
            iter: 5_000);

    private sealed class FakeTpm
    {
        public int Commands { get; private set; }

        public bool CounterMoves { get; init; }

        public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> bytes)
        {
            Commands++;
            TpmCommand command = TpmCommand.Read(bytes);
            if (command.Code == TpmCommandCode.GetCapability)
            {
                return Answer([0, 0, 0, 0, 5, 0, 0, 0, 2, 0, 4, 3, 0, 0, 0, 0, 11, 3, 0xff, 0xff, 0xff]);
            }

            byte[] selection = command.Parameters(0)[7..].ToArray();
            List<byte> digests = [];
            byte[] got = new byte[3];
            int count = 0;
            for (int register = 0; register < 24 && count < 8; register++)
            {
                if ((selection[register / 8] >> (register % 8) & 1) != 0)
                {
                    got[register / 8] |= (byte)(1 << (register % 8));
                    digests.AddRange([0, 32, (byte)register, .. new byte[31]]);
                    count++;
                }
            }

            return Answer([0, 0, 0, (byte)(CounterMoves ? Commands : 7), 0, 0, 0, 1, 0, 11, 3, .. got, 0, 0, 0, (byte)count, .. digests]);
        }

        private static byte[] Answer(byte[] parameters)
        {
            byte[] answer = TpmCommand.Write(0, parameters);
            return answer;
        }
    }
}
