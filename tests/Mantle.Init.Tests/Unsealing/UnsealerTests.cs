using System.Text;
using Mantle.Init.Kernel;
using Mantle.Init.Unsealing;

namespace Mantle.Init.Tests.Unsealing;

public sealed class UnsealerTests
{
    private static readonly byte[] s_key = [.. Enumerable.Repeat((byte)0x5a, 64)];
    private static readonly byte[] s_keyMessage = [(byte)'K', 7, .. "weights"u8, .. s_key];
    private static readonly byte[] s_done = "D"u8.ToArray();

    private readonly FakeHost _host = new();
    private readonly StageStatus _status = new();

    [Fact]
    public void Everything_is_delivered_opened_and_closed_in_this_order()
    {
        Unsealer unsealer = Started();
        Deliver(unsealer);
        Assert.True(unsealer.IsOpen);
        Assert.Equal(
            ["find", "start", "send B7weightsblob of weights", "send G", "store token ab first", "store token c", "open weights 5a5a", "open plain plain", "close secrets"],
            _host.Log);
        Assert.Equal(long.MaxValue, unsealer.Deadline);
    }

    [Fact]
    public void The_programs_stage_codes_are_passed_on()
    {
        Unsealer unsealer = Started();
        Assert.Equal(StageCode.Unsealing, _status.Code);
        unsealer.OnMessage([(byte)'S', 0x40], 0);
        Assert.Equal(0x40, _status.Code);
        unsealer.OnMessage([(byte)'S', 0x62], 0);
        unsealer.OnChannelEnd(5);
        Assert.Equal(0x62, _status.Code);
        Assert.Equal("undo", _host.Log[^1]);
    }

    [Fact]
    public void Attempts_follow_each_other_later_and_later_until_the_last()
    {
        Unsealer unsealer = new(FakeHost.Configuration(attempts: 7), _host, _status);
        unsealer.Start(0);
        List<long> pauses = [];
        for (long now = 0; !unsealer.HasFailed;)
        {
            unsealer.OnChannelEnd(now);
            if (!unsealer.HasFailed)
            {
                pauses.Add(unsealer.Deadline - now);
                now = unsealer.Deadline;
                unsealer.OnDeadline(now);
            }
        }

        Assert.Equal([1000, 2000, 4000, 8000, 16_000, 30_000], pauses);
        Assert.Equal(7, _host.Log.Count(entry => entry == "start"));
        Assert.Equal(7, _host.Log.Count(entry => entry == "undo"));
        Assert.Equal(long.MaxValue, unsealer.Deadline);
    }

    [Theory]
    [InlineData(StageCode.VolumeNotFound)]
    [InlineData(StageCode.VolumeMalformed)]
    public void A_volume_may_come_later_but_not_too_late(byte code)
    {
        _host.Missing = code;
        Unsealer unsealer = Started();
        Assert.Equal(StageCode.VolumeSearch, _status.Code);
        Assert.Equal(Unsealer.SearchPatience, unsealer.Deadline);
        unsealer.OnDevices(100);
        Assert.Equal(["find", "find"], _host.Log);
        unsealer.OnDeadline(Unsealer.SearchPatience);
        Assert.Equal(code, _status.Code);

        _host.Missing = null;
        unsealer.OnDevices(Unsealer.SearchPatience + 1); // in the pause nothing is looked for
        Assert.DoesNotContain("start", _host.Log);
        unsealer.OnDeadline(unsealer.Deadline);
        Assert.Contains("start", _host.Log);
    }

    [Fact]
    public void Two_volumes_of_the_same_name_end_the_attempt_at_once()
    {
        _host.SearchFails = new StageException(StageCode.VolumeAmbiguous);
        Unsealer unsealer = Started();
        Assert.Equal(StageCode.VolumeAmbiguous, _status.Code);
        Assert.Equal(1000, unsealer.Deadline);
    }

    [Fact]
    public void A_program_that_hangs_is_ended()
    {
        Unsealer unsealer = Started();
        unsealer.OnMessage([(byte)'S', 0x60], 10);
        unsealer.OnDeadline(Unsealer.ProgramPatience);
        Assert.Equal(0x60, _status.Code);
        Assert.Equal("undo", _host.Log[^1]);
    }

    [Fact]
    public void The_last_words_of_a_program_that_has_ended_are_heard()
    {
        Unsealer unsealer = Started();
        Assert.True(unsealer.OnProcessEnd(FakeHost.Process, 5));
        unsealer.OnMessage([(byte)'S', 0x61], 6);
        unsealer.OnChannelEnd(7);
        Assert.Equal(0x61, _status.Code);

        Assert.False(unsealer.OnProcessEnd(FakeHost.Process + 1, 8));
    }

    [Fact]
    public void A_program_that_has_ended_with_its_channel_still_open_fails_a_second_later()
    {
        Unsealer unsealer = Started();
        unsealer.OnProcessEnd(FakeHost.Process, 5);
        Assert.Equal(5 + Unsealer.LastWords, unsealer.Deadline);
        unsealer.OnDeadline(unsealer.Deadline);
        Assert.Equal("undo", _host.Log[^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("X")]
    [InlineData("D")] // before anything was delivered
    [InlineData("S")]
    [InlineData("S\0")]
    [InlineData("S1")] // 31 is process 1's
    [InlineData("S@@")]
    [InlineData("K\u0007weightsshort")]
    [InlineData("K\u0005plain0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("K\u0005other0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("F\u0005other\u0001x")]
    [InlineData("F\u0005token\u0002x")]
    [InlineData("F\0\u0001x")]
    public void A_program_that_breaks_the_rules_has_failed(string datagram)
    {
        Unsealer unsealer = Started();
        unsealer.OnMessage(Encoding.Latin1.GetBytes(datagram), 5);
        Assert.Equal("undo", _host.Log[^1]);
        Assert.Equal(StageCode.Unsealing, _status.Code);
        Assert.False(unsealer.IsOpen);
    }

    [Fact]
    public void Nothing_may_come_twice()
    {
        Unsealer unsealer = Started();
        unsealer.OnMessage(s_keyMessage, 0);
        unsealer.OnMessage(s_keyMessage, 0);
        Assert.Equal("undo", _host.Log[^1]);

        unsealer.OnDeadline(unsealer.Deadline);
        unsealer.OnMessage([(byte)'F', 5, .. "token"u8, 1, (byte)'a'], 0);
        unsealer.OnMessage([(byte)'F', 5, .. "token"u8, 1, (byte)'b'], 0);
        Assert.Equal("undo", _host.Log[^1]);
        Assert.DoesNotContain("store token b", _host.Log);
    }

    [Fact]
    public void A_failed_attempt_leaves_nothing_to_the_next()
    {
        Unsealer unsealer = Started();
        unsealer.OnMessage(s_keyMessage, 0);
        unsealer.OnChannelEnd(1);
        unsealer.OnDeadline(unsealer.Deadline);
        unsealer.OnMessage([(byte)'F', 5, .. "token"u8, 1, (byte)'a'], 0);
        unsealer.OnMessage(s_done, 0); // without the key, which the first attempt had
        Assert.Equal("undo", _host.Log[^1]);
        Assert.False(unsealer.IsOpen);
    }

    [Theory]
    [InlineData(StageCode.EncryptionLayer)]
    [InlineData(StageCode.VerityLayer)]
    [InlineData(StageCode.Mount)]
    public void A_layer_that_does_not_open_takes_everything_back(byte code)
    {
        _host.OpenFails = new StageException(code);
        Unsealer unsealer = Started();
        Deliver(unsealer);
        Assert.Equal(code, _status.Code);
        Assert.Equal("undo", _host.Log[^1]);
        Assert.False(unsealer.IsOpen);
    }

    [Fact]
    public void An_error_of_the_kernels_that_nobody_thought_of_has_the_code_of_the_work_in_hand()
    {
        _host.OpenFails = new SystemCallException("x", 5);
        Deliver(Started());
        Assert.Equal(StageCode.VolumeOpening, _status.Code);
    }

    [Fact]
    public void A_secret_that_does_not_fit_fails_as_unsealing()
    {
        _host.StoreFails = new StageException(StageCode.Unsealing);
        Deliver(Started());
        Assert.Equal(StageCode.Unsealing, _status.Code);
        Assert.Equal("undo", _host.Log[^1]);
    }

    [Fact]
    public void A_broker_that_ends_is_started_again_and_touches_nothing()
    {
        Unsealer unsealer = Started();
        Deliver(unsealer);
        _host.Log.Clear();
        unsealer.OnProcessEnd(FakeHost.Process, 60_000);
        unsealer.OnChannelEnd(60_000);
        Assert.True(unsealer.IsOpen);
        Assert.Equal(61_000, unsealer.Deadline);
        unsealer.OnDeadline(61_000);
        unsealer.OnMessage([(byte)'S', 0x40], 61_001);
        unsealer.OnMessage(s_done, 61_002);
        Assert.Equal(["end program", "start", "send A"], _host.Log);

        // Each quick end doubles the pause.
        unsealer.OnChannelEnd(62_000);
        Assert.Equal(64_000, unsealer.Deadline);
    }

    [Fact]
    public void A_broker_that_delivers_keys_is_ended()
    {
        Unsealer unsealer = Started();
        Deliver(unsealer);
        _host.Log.Clear();
        unsealer.OnMessage(s_keyMessage, 20_000);
        Assert.Equal(["end program"], _host.Log);
        Assert.True(unsealer.IsOpen);
    }

    [Fact]
    public void The_status_is_two_digits_and_a_newline() => Assert.Equal("6f\n"u8.ToArray(), StatusPort.Answer(0x6f));

    private static void Deliver(Unsealer unsealer)
    {
        unsealer.OnMessage([(byte)'F', 5, .. "token"u8, 0, .. "ab"u8], 1);
        unsealer.OnMessage([(byte)'F', 5, .. "token"u8, 1, .. "c"u8], 1);
        unsealer.OnMessage(s_keyMessage, 1);
        unsealer.OnMessage(s_done, 2);
    }

    private Unsealer Started()
    {
        Unsealer unsealer = new(FakeHost.Configuration(), _host, _status);
        unsealer.Start(0);
        return unsealer;
    }
}
