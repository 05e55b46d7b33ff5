namespace Mantle.ImageBuilder.Binding;

/// <summary>Who watches a binding, and decides.</summary>
public interface IBindDialogue
{
    /// <summary>Tells one line.</summary>
    void Say(string line);

    /// <summary>Asks whether to go on.</summary>
    bool Confirm(string question);
}
