"""The pages, one file each; ``show()`` draws one.

The folder is not called ``pages``: Streamlit would take the files of such a folder for pages of its own, and open them
by themselves for whoever comes first by a direct address.
"""
