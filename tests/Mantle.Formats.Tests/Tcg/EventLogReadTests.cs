using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tests.Tcg;

public class EventLogReadTests
{
    private static readonly byte[] s_separator = [0, 0, 0, 0];

    [Fact]
    public void A_crypto_agile_log_has_its_banks_and_records()
    {
        EventLog log = EventLog.Read(Sample());

        Assert.Equal([TpmAlgorithm.Sha1, TpmAlgorithm.Sha256], log.Banks);
        Assert.Equal(new Version(2, 0, 105), log.SpecId!.SpecificationVersion);
        Assert.Equal(["EV_NO_ACTION", "EV_SEPARATOR", "EV_EFI_ACTION"], log.Events.Select(x => x.UntrustedType.SpecificationName()));
        Assert.Equal(TpmAlgorithm.Sha256.HashData(s_separator), log.Events[1].Digest(TpmAlgorithm.Sha256));
        Assert.Equal([2], log.Extending(4).Select(x => x.Index));
    }

    [Fact]
    public void A_separator_alone_gives_the_well_known_value() =>
        Assert.Equal("3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969", EventLog.Read(Sample()).Replay()[TpmAlgorithm.Sha256, 0].ToString());

    [Fact]
    public void Data_that_is_not_what_was_hashed_is_never_verified()
    {
        byte[] bytes = Sample();
        bytes[^1] ^= 1;
        EventRecord action = EventLog.Read(bytes).Events[2];

        Assert.Equal(DigestCheck.Mismatch, action.CheckDigest());
        Assert.False(action.TryGetVerifiedData(out _));
        Assert.True(EventLog.Read(bytes).Events[1].TryGetVerifiedData(out ReadOnlyMemory<byte> data));
        Assert.Equal(s_separator, data.ToArray());
    }

    [Fact]
    public void The_startup_locality_is_where_pcr_0_starts()
    {
        byte[] locality = Record(0, EventType.NoAction, [.. "StartupLocality\0"u8, 3], zeroDigests: true);
        byte[] separator = Record(0, EventType.Separator, s_separator);
        PcrValues replayed = EventLog.Read(Bytes(SpecId(), locality, separator)).Replay();

        PcrState expected = new([TpmAlgorithm.Sha256]);
        expected.StartAtLocality(3);
        expected.Extend(0, TpmAlgorithm.Sha256.HashData(s_separator));
        Assert.Empty(expected.ToValues().DifferencesFrom(replayed));
        Assert.NotEmpty(EventLog.Read(Bytes(SpecId(), separator)).Replay().DifferencesFrom(replayed));
        Assert.Throws<MalformedInputException>(() => EventLog.Read(Bytes(SpecId(), separator, locality)).Replay());
        Assert.Throws<MalformedInputException>(() => EventLog.Read(Bytes(SpecId(), locality, locality)).Replay());
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xff)]
    public void In_a_memory_area_the_erased_rest_ends_the_log(byte erased)
    {
        byte[] area = [.. Sample(), .. Enumerable.Repeat(erased, 100)];

        Assert.Equal(Sample().Length, EventLog.ReadArea(area).Length);
        Assert.Throws<MalformedInputException>(() => EventLog.Read(area));
    }

    [Fact]
    public void A_record_that_leaves_out_a_bank_is_refused()
    {
        byte[] bytes = Sample();
        bytes[SpecId().Length + 8] = 1;

        Assert.Equal("event log: 1 digests but 2 banks at offset 0x51", Assert.Throws<MalformedInputException>(() => EventLog.Read(bytes)).Message);
    }

    [Fact]
    public void A_bank_that_comes_twice_in_a_record_is_refused()
    {
        byte[] bytes = Sample();
        bytes[SpecId().Length + 12 + 22] = (byte)TpmAlgorithm.Sha1;

        Assert.Contains("sha1 is not a bank of this log or comes twice", Assert.Throws<MalformedInputException>(() => EventLog.Read(bytes)).Message);
    }

    [Fact]
    public void Only_malformed_input_is_thrown_at_any_truncation()
    {
        byte[] bytes = Sample();
        int[] ends = [SpecId().Length, SpecId().Length + Record(0, EventType.Separator, s_separator).Length, bytes.Length];
        for (int length = 0; length <= bytes.Length; length++)
        {
            if (ends.Contains(length))
            {
                EventLog.Read(bytes.AsMemory(0, length));
            }
            else
            {
                Assert.Throws<MalformedInputException>(() => EventLog.Read(bytes.AsMemory(0, length)));
            }
        }
    }

    [Fact]
    public void Only_malformed_input_is_thrown_for_flipped_bits()
    {
        byte[] bytes = Sample();
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Int[0, 7]).Array[1, 4].Sample(
            flips =>
            {
                byte[] copy = [.. bytes];
                foreach ((int index, int bit) in flips)
                {
                    copy[index] ^= (byte)(1 << bit);
                }

                ReadAndPrint(copy);
            },
            iter: 20_000);
    }

    [Fact]
    public void Only_malformed_input_is_thrown_for_random_bytes() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[0, 300]).Sample(
            (hasStart, bytes) => ReadAndPrint(hasStart ? [.. SpecId(), .. bytes] : bytes),
            iter: 20_000);

    [Fact]
    public void The_printer_shows_each_record_with_its_verdict()
    {
        StringWriter writer = new();
        byte[] bytes = Sample();
        bytes[^1] ^= 1;
        EventLogPrinter.Print(EventLog.Read(bytes), writer);

        Assert.Equal(
            """
               0  PCR 0   EV_NO_ACTION  "Spec ID Event03"
               1  PCR 0   EV_SEPARATOR verified  4 bytes 00000000
                          sha1    9069ca78e7450a285173431b3e52c5c25299e473
                          sha256  df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119
               2  PCR 4   EV_EFI_ACTION MISMATCH  "Calling EFI Application from Boot Optiono"
                          sha1    b305cec64fc24bca7b4ed39fb093b68de3a922e3
                          sha256  75b1a6757e32a7a8a06c2b643f9cc803ae06883223f3b30661a09814001144d7

            """,
            writer.ToString());
    }

    private static void ReadAndPrint(byte[] bytes)
    {
        try
        {
            EventLogPrinter.Print(EventLog.Read(bytes), TextWriter.Null);
            EventLog.Read(bytes).Replay();
        }
        catch (MalformedInputException)
        {
        }
    }

    private static byte[] Sample() => Bytes(
        SpecId(),
        Record(0, EventType.Separator, s_separator),
        Record(4, EventType.EfiAction, [.. "Calling EFI Application from Boot Option"u8, .. "n"u8]));

    private static byte[] SpecId()
    {
        byte[] data = [.. SpecIdEvent.Signature, 0, 0, 0, 0, 0, 2, 105, 2, 2, 0, 0, 0, 4, 0, 20, 0, 11, 0, 32, 0, 0];
        byte[] record = new byte[32 + data.Length];
        record[4] = (byte)EventType.NoAction;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(28), data.Length);
        data.CopyTo(record, 32);
        return record;
    }

    private static byte[] Record(uint register, EventType type, byte[] data, bool zeroDigests = false)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.ASCII);
        writer.Write(register);
        writer.Write((uint)type);
        writer.Write(2);
        foreach (TpmAlgorithm bank in new[] { TpmAlgorithm.Sha1, TpmAlgorithm.Sha256 })
        {
            writer.Write((ushort)bank);
            writer.Write(zeroDigests ? new byte[bank.DigestSize()] : bank.HashData(data).Bytes);
        }

        writer.Write(data.Length);
        writer.Write(data);
        return stream.ToArray();
    }

    private static byte[] Bytes(params byte[][] parts) => [.. parts.SelectMany(x => x)];
}
