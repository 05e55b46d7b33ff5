extern alias unseal;

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Formats.Cose;
using Mantle.Testing;
using Mantle.Unseal.Broker;
using Mantle.Unseal.Tests.Tpm;

namespace Mantle.Unseal.Tests.Broker;

/// <summary>Documents for the service, over its socket.</summary>
public sealed class BrokerTests : IDisposable
{
    private static readonly byte[] s_digest = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly TemporaryFolder _folder = new();
    private readonly TestTpm _tpm = new();
    private readonly ManualTime _time = new();
    private AttestationBroker? _broker;
    private Thread? _thread;

    private static uint OwnUser => uint.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);

    [Fact]
    public void A_document_names_the_tls_key_and_the_nonce_and_never_a_public_key()
    {
        Start(OwnUser);
        (byte status, byte[] document) = Ask([1, .. s_digest, 3, 7, 8, 9]);
        Assert.Equal(0, status);
        AttestationDocument content = SignedAttestationDocument.Read(document).UnverifiedContent;
        Assert.Equal("mantle.tls-spki-sha256.v1:" + Convert.ToHexStringLower(s_digest), Encoding.ASCII.GetString(content.UserData!.Value.Span));
        Assert.Equal([7, 8, 9], content.Nonce!.Value.ToArray());
        Assert.Null(content.PublicKey);
    }

    [Fact]
    public void No_request_of_the_service_gives_a_document_with_a_public_key()
    {
        Start(OwnUser);
        foreach (int length in (int[])[0, 1, 32, 64])
        {
            (byte status, byte[] document) = Ask([1, .. s_digest, (byte)length, .. new byte[length]]);
            Assert.Equal(0, status);
            Assert.Null(SignedAttestationDocument.Read(document).UnverifiedContent.PublicKey);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 0)]
    [InlineData(1, 65)]
    [InlineData(1, 255)]
    public void Another_version_or_a_longer_nonce_is_a_bad_request(byte version, byte length)
    {
        Start(OwnUser);
        (byte status, byte[] document) = Ask([version, .. s_digest, length, .. new byte[length]]);
        Assert.Equal(3, status);
        Assert.Empty(document);
    }

    [Fact]
    public void Ten_at_once_and_five_a_second()
    {
        Start(OwnUser);
        byte[] request = [1, .. s_digest, 0];
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(0, Ask(request).Status));
        Assert.Equal(1, Ask(request).Status);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal([0, 0, 1], Enumerable.Range(0, 3).Select(_ => (int)Ask(request).Status));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(10, Enumerable.Range(0, 12).Count(_ => Ask(request).Status == 0));
    }

    [Fact]
    public void A_tpm_that_fails_is_status_2_and_the_next_request_may_succeed()
    {
        Start(OwnUser);
        _tpm.Nitro.Faults.Add(NitroTpmFault.Fails(NitroCommand.NsmRequest));
        Assert.Equal(2, Ask([1, .. s_digest, 0]).Status);
        Assert.Equal(0, Ask([1, .. s_digest, 0]).Status);
    }

    [Fact]
    public void Another_account_gets_no_answer()
    {
        Start(OwnUser + 1);
        using Socket socket = Connect();
        try
        {
            socket.Send([1, .. s_digest, 0]);
            Assert.Equal(0, socket.Receive(new byte[1]));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
        }

        Assert.Empty(_tpm.Nitro.Documents);
    }

    [Fact]
    public void A_client_that_says_half_and_waits_or_leaves_does_not_stop_the_next()
    {
        Start(OwnUser);
        using Socket slow = Connect();
        slow.Send([1, 2, 3]);
        using (Socket gone = Connect())
        {
            gone.Send([1]);
        }

        Assert.Equal(0, Ask([1, .. s_digest, 0]).Status);
    }

    [Fact]
    public void A_socket_of_an_earlier_process_is_replaced()
    {
        Start(OwnUser);
        _broker!.Dispose();
        _thread!.Join();
        Start(OwnUser);
        Assert.Equal(0, Ask([1, .. s_digest, 0]).Status);
    }

    [Fact]
    public void Truncated_requests_are_malformed()
    {
        byte[] request = [1, .. s_digest, 4, 1, 2, 3, 4];
        for (int length = 0; length < request.Length; length++)
        {
            Assert.Throws<unseal::Mantle.Formats.Bytes.MalformedInputException>(() => BrokerRequest.Read(request.AsMemory(0, length)));
        }

        Assert.Throws<unseal::Mantle.Formats.Bytes.MalformedInputException>(() => BrokerRequest.Read((byte[])[.. request, 5]));
    }

    public void Dispose()
    {
        _broker?.Dispose();
        _thread?.Join();
        _tpm.Dispose();
        _folder.Dispose();
    }

    private void Start(uint user)
    {
        _broker = new(_folder["socket"], user, _tpm.Attestor, _time);
        _thread = new(_broker.Run) { IsBackground = true };
        _thread.Start();
    }

    private Socket Connect()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_folder["socket"]));
        return socket;
    }

    private (byte Status, byte[] Document) Ask(byte[] request)
    {
        using Socket socket = Connect();
        socket.Send(request);
        using NetworkStream stream = new(socket);
        byte[] head = new byte[5];
        stream.ReadExactly(head);
        byte[] document = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        stream.ReadExactly(document);
        Assert.Equal(-1, stream.ReadByte());
        return (head[0], document);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);
    }
}
