using System.Buffers.Binary;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tests.Tpm;

public class PcrExtensionTests
{
    private static readonly byte[] s_password = [0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0];
    private static readonly byte[] s_digest = [.. Enumerable.Range(1, 20).Select(x => (byte)x)];
    private static readonly TpmResponse s_success = TpmResponse.Read(Message(0x8002, 0, [0, 0, 0, 0, 0, 0, 1, 0, 0]));

    [Fact]
    public void An_extend_is_in_the_command()
    {
        PcrExtension? extension = PcrExtension.Observe(Command(TpmCommandCode.PcrExtend, [0, 0, 0, 11, .. s_password, 0, 0, 0, 1, 0, 4, .. s_digest]), s_success);

        Assert.Equal((11, false), (extension!.Register, extension.IsReset));
        Assert.Equal([new(TpmAlgorithm.Sha1, s_digest)], extension.Digests);
    }

    [Fact]
    public void The_digests_of_an_event_are_in_the_response()
    {
        TpmResponse response = TpmResponse.Read(Message(0x8002, 0, [0, 0, 0, 26, 0, 0, 0, 1, 0, 4, .. s_digest, 0, 0, 1, 0, 0]));
        PcrExtension? extension = PcrExtension.Observe(Command(TpmCommandCode.PcrEvent, [0, 0, 0, 5, .. s_password, 0, 1, 65]), response);

        Assert.Equal(5, extension!.Register);
        Assert.Equal([new(TpmAlgorithm.Sha1, s_digest)], extension.Digests);
    }

    [Fact]
    public void A_refused_extend_changed_nothing() =>
        Assert.Null(PcrExtension.Observe(
            Command(TpmCommandCode.PcrExtend, [0, 0, 0, 11, .. s_password, 0, 0, 0, 1, 0, 4, .. s_digest]),
            TpmResponse.Read(TpmResponse.WriteError(0x907))));

    [Fact]
    public void A_reset_sets_the_register_to_zeros()
    {
        PcrState state = new([TpmAlgorithm.Sha1]);
        state.Extend(16, new(TpmAlgorithm.Sha1, s_digest));
        PcrExtension.Observe(Command(TpmCommandCode.PcrReset, [0, 0, 0, 16, .. s_password]), s_success)!.ApplyTo(state);

        Assert.True(state.ToValues()[TpmAlgorithm.Sha1, 16].IsZero);
        Assert.DoesNotContain(state.ToValues()[TpmAlgorithm.Sha1, 17].Bytes.ToArray(), x => x != 0xff);
    }

    [Fact]
    public void Only_malformed_input_is_thrown_for_random_bodies() =>
        Gen.Select(Gen.Enum<TpmCommandCode>(), Gen.Byte[0, 4].Array[0, 60]).Sample((code, body) =>
        {
            try
            {
                PcrExtension.Observe(Command(code, body), s_success);
            }
            catch (MalformedInputException)
            {
            }
        });

    private static TpmCommand Command(TpmCommandCode code, byte[] body) => TpmCommand.Read(Message(0x8002, (uint)code, body));

    private static byte[] Message(ushort tag, uint code, byte[] body)
    {
        byte[] message = TpmCommand.Write((TpmCommandCode)code, body);
        BinaryPrimitives.WriteUInt16BigEndian(message, tag);
        return message;
    }
}
