namespace Mantle.ImageBuilder;

/// <summary>Who watches what is done in a cloud, and decides.</summary>
public interface IDialogue
{
    /// <summary>Tells one line.</summary>
    void Say(string line);

    /// <summary>Asks whether to go on.</summary>
    bool Confirm(string question);
}
