namespace Mantle.Boot.Tests;

/// <summary>The machine answers over the network and over nothing else.</summary>
[Collection(SealedBootGroup.Name)]
public class SealedBootTests(SealedBoot boot)
{
    /// <summary>A text cursor of eight by two pixels is all that Linux may leave on an empty screen.</summary>
    private const int CursorPixels = 16;

    [Fact]
    public void The_service_answers_over_https() => Assert.Equal("""{"status":"ok"}""", boot.Seen.Health);

    [Fact]
    public void The_firmware_used_the_serial_port_that_is_silent_afterwards() => Assert.True(boot.Seen.FirmwareSerial > 0);

    [Fact]
    public void Not_one_byte_leaves_the_serial_port_after_the_hand_over()
    {
        Assert.Equal(0, boot.Seen.SerialBytesBeforePestering);
        Assert.Empty(boot.Seen.SerialSinceHandover);
    }

    [Fact]
    public void Keys_breaks_and_magic_keys_neither_reset_nor_stop_the_machine()
    {
        Assert.Equal(0, boot.Seen.ResetsByPestering);
        Assert.False(boot.Seen.IsOffByPestering);
        Assert.Equal(boot.Seen.Health, boot.Seen.HealthAfterPestering);
    }

    [Fact]
    public void Keys_breaks_and_magic_keys_extend_no_register() =>
        Assert.Empty(boot.Seen.WhenPestered.DifferencesFrom(boot.Seen.WhenServing));

    [Fact]
    public void The_screen_shows_no_text()
    {
        Assert.InRange(Pixmap.CountLit(boot.Seen.ScreenBeforePestering), 0, CursorPixels);
        Assert.InRange(Pixmap.CountLit(boot.Seen.ScreenAfterPestering), 0, CursorPixels);
    }

    [Fact]
    public void The_power_button_ends_it_cleanly()
    {
        Assert.Equal("guest-shutdown", boot.Seen.ShutdownReason);
        Assert.Equal(0, boot.Seen.Resets);
        Assert.Equal(1, boot.Seen.PowerCycles);
        Assert.Empty(boot.Seen.WhenOff.DifferencesFrom(boot.Seen.WhenServing));
    }
}
