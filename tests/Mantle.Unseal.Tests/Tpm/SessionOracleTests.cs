using System.Security.Cryptography;
using Mantle.Emulator.Tpm;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Testing;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal.Tests.Tpm;

/// <summary>
/// The two halves of a session against somebody else's: the appliance's client against swtpm, which has its own endorsement key and its own mathematics, and tpm2-tools
/// against the emulator.
/// </summary>
public sealed class SessionOracleTests
{
    [Fact]
    public void The_command_hash_is_that_of_awss_client()
    {
        byte[] name = [.. Enumerable.Range(0, 68).Select(i => (byte)i)];
        Span<byte> hash = stackalloc byte[64];
        HmacSession.HashCommand(TpmCode.NsmRequest, (ReadOnlySpan<byte>)[.. name, .. name], [], hash);
        Assert.Equal("c3869a4e945d90e6688365a59e14d2c5", Convert.ToHexStringLower(hash[..16]));
    }

    [Fact]
    public void Swtpm_takes_the_salted_session_decrypts_what_it_protects_and_proves_its_answers()
    {
        using LocalTpm tpm = new(Oracle.Require("swtpm"));
        Transport transport = new(tpm);
        TpmConnection connection = new(transport, _ => { });
        EndorsementKey key = EndorsementKey.Create(connection);
        using HmacSession session = NitroAttestor.StartSession(connection, key, hasCipher: true);
        byte[] secret = RandomNumberGenerator.GetBytes(64), written = RandomNumberGenerator.GetBytes(300);
        secret[^1] |= 1;

        // An index of swtpm's own: 1,000 bytes.
        byte[] description = Convert.FromHexString("01804d55" + "000d" + "02040004" + "0000" + "03e8");
        byte[] owner = [0x40, 0, 0, 1], handle = [0x01, 0x80, 0x4d, 0x55];
        connection.Send(TpmCode.NvDefineSpace, owner, owner, Parameters(b => b.Sized(secret).Sized(description)), session, [], TpmSessionAttributes.Continue | TpmSessionAttributes.Decrypt);
        byte[] name = [0, 0x0d, .. SHA512.HashData(description)];
        connection.Send(
            TpmCode.NvWrite, [.. handle, .. handle], [.. name, .. name], Parameters(b => b.Sized(written).UInt16(7)), session, secret, TpmSessionAttributes.Continue | TpmSessionAttributes.Decrypt);
        description[6] |= 0x20; // written
        name = [0, 0x0d, .. SHA512.HashData(description)];
        TpmReply reply = connection.Send(
            TpmCode.NvRead, [.. handle, .. handle], [.. name, .. name], Parameters(b => b.UInt16(300).UInt16(7)), session, secret, TpmSessionAttributes.Continue | TpmSessionAttributes.Encrypt);
        Assert.Equal(written, reply.Parameters[2..]);
        Assert.All(transport.Seen, message => Assert.Equal(-1, message.AsSpan().IndexOf(written.AsSpan(0, 16))));
        Assert.All(transport.Seen, message => Assert.Equal(-1, message.AsSpan().IndexOf(secret.AsSpan(0, 16))));

        byte[] wrong = [.. secret];
        wrong[0] ^= 1;
        TpmRefusedException refused = Assert.Throws<TpmRefusedException>(() => connection.Send(
            TpmCode.NvRead, [.. handle, .. handle], [.. name, .. name], Parameters(b => b.UInt16(300).UInt16(7)), session, wrong, TpmSessionAttributes.Continue | TpmSessionAttributes.Encrypt));
        Assert.Equal(0x9a2u, refused.Code);
    }

    [Fact]
    public void Tpm2_tools_take_the_emulated_index_with_a_salted_encrypted_session()
    {
        Oracle.Require("socat");
        using NitroTpm nitro = new(new() { Authority = TestTpm.Authority });
        using LocalTpm tpm = new(Oracle.Require("swtpm"), nitro);
        using TemporaryFolder folder = new();
        string[] tcti = ["-T", $"cmd:socat - UNIX-CONNECT:{tpm.Listen()}"];
        byte[] content = RandomNumberGenerator.GetBytes(2000);
        File.WriteAllBytes(folder["content"], content);

        Assert.Contains("AMZN", Oracle.Succeed("tpm2_getcap", [.. tcti, "properties-fixed"]));
        Assert.Contains("0x1", Oracle.Succeed("tpm2_getcap", [.. tcti, "commands"]));

        Oracle.Succeed("tpm2_createek", [.. tcti, "-c", "0x81010001", "-G", "rsa", "-u", folder["ek.pub"]]);
        Oracle.Succeed("tpm2_startauthsession", [.. tcti, "--hmac-session", "-g", "sha512", "--tpmkey-context=0x81010001", "-S", folder["session"]]);
        Oracle.Succeed("tpm2_sessionconfig", [.. tcti, folder["session"], "--enable-decrypt"]);
        string session = $"session:{folder["session"]}";
        Oracle.Succeed("tpm2_nvdefine", [.. tcti, "0x1500016", "-s", "8192", "-g", "sha512", "-a", "authread|authwrite", "-C", "o", "-P", session, "-p", "index-secret"]);
        Oracle.Succeed("tpm2_nvwrite", [.. tcti, "0x1500016", "-C", "0x1500016", "-P", session + "+index-secret", "-i", folder["content"]]);
        Oracle.Succeed("tpm2_sessionconfig", [.. tcti, folder["session"], "--disable-decrypt", "--enable-encrypt"]);
        Oracle.Succeed("tpm2_nvread", [.. tcti, "0x1500016", "-C", "0x1500016", "-P", session + "+index-secret", "-s", "2000", "-o", folder["read"]]);
        Assert.Equal(content, File.ReadAllBytes(folder["read"]));
        Assert.NotEqual(0, Oracle.Run("tpm2_nvread", [.. tcti, "0x1500016", "-C", "0x1500016", "-P", session + "+wrong", "-s", "10", "-o", folder["none"]]).ExitCode);
        Assert.Contains("0x1500016", Oracle.Succeed("tpm2_getcap", [.. tcti, "handles-nv-index"]), StringComparison.OrdinalIgnoreCase);
    }

    private static byte[] Parameters(Action<TpmBuffer> write)
    {
        using TpmBuffer buffer = new();
        write(buffer);
        return buffer.ToArray();
    }

    private sealed class Transport(LocalTpm tpm) : ITpmTransport
    {
        public List<byte[]> Seen { get; } = [];

        public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
        {
            Seen.Add(command.ToArray());
            ReadOnlyMemory<byte> response = tpm.Transmit(command.ToArray());
            Seen.Add(response.ToArray());
            return response;
        }

        public void Dispose()
        {
        }
    }
}
